"""Rendering: checked, compiled templates and one customer's values make one message.

`Renderer` compiles a communication and renders it; `encode_info` counts an SMS.
"""

from ccm.render.renderer import Renderer
from ccm.render.sms import SmsInfo, encode_info

__all__ = ["Renderer", "SmsInfo", "encode_info"]
