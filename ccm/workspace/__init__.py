"""The workspace: what marketing, compliance and operations own, read from files and validated.

`load_workspace` reads everything and raises one `WorkspaceError` with every problem found.
"""

from ccm.workspace.loader import Workspace, find_root, load_workspace

__all__ = ["Workspace", "find_root", "load_workspace"]
