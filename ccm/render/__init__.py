"""Rendering: checked, compiled templates and one customer's values make one message.

`Renderer` compiles a communication and renders it; `encode_info` counts an SMS, `worst_case` the parts that a
template of known lengths can come to.
"""

from ccm.render.renderer import Renderer
from ccm.render.sms import SmsInfo, encode_info, worst_case

__all__ = ["Renderer", "SmsInfo", "encode_info", "worst_case"]
