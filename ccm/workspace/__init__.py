"""The workspace: what marketing, compliance and operations own, read from files and validated.

`load_workspace` reads everything and raises one `WorkspaceError` with every problem found.
"""

from ccm.workspace.loader import Workspace, load_workspace
from ccm.workspace.root import find_root

__all__ = ["Workspace", "find_root", "load_workspace"]
