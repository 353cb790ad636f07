"""Which OpenGL this machine offers, asked through EGL without any window."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys

from core.jobs.doctor.finding import Finding

_SURFACELESS_MESA = 0x31DD
_EGL_OPENGL_API = 0x30A2
_EGL_NONE = 0x3038
_EGL_RENDERABLE_TYPE, _EGL_OPENGL_BIT = 0x3040, 0x0008
_EGL_SURFACE_TYPE, _EGL_PBUFFER_BIT = 0x3033, 0x0001
_GL_RENDERER, _GL_VERSION = 0x1F01, 0x1F02


def opengl_finding() -> Finding:
    """The renderer and version of OpenGL here; a software renderer is a note, none at all is bad."""
    if not sys.platform.startswith("linux"):
        return Finding("note", "OpenGL", "checked only on Linux; the window says so where it fails.")
    try:
        renderer, version = _ask_egl()
    except (OSError, RuntimeError, AttributeError) as problem:
        return Finding(
            "bad",
            "OpenGL",
            f"not usable ({problem}); install libegl1 and libgl1-mesa-dri for the 3D viewport.",
        )
    software = any(word in renderer.lower() for word in ("llvmpipe", "softpipe", "swrast"))
    suffix = "; drawn by the processor, so 3D is slower" if software else ""
    return Finding("note" if software else "ok", "OpenGL", f"{version} on {renderer}{suffix}")


def _ask_egl() -> tuple[str, str]:
    egl = ctypes.CDLL(ctypes.util.find_library("EGL") or "libEGL.so.1")
    pointer = ctypes.c_void_p
    egl.eglGetPlatformDisplay.restype = pointer
    egl.eglGetPlatformDisplay.argtypes = [ctypes.c_uint, pointer, pointer]
    egl.eglInitialize.argtypes = [pointer, pointer, pointer]
    egl.eglTerminate.argtypes = [pointer]
    egl.eglChooseConfig.argtypes = [pointer, pointer, pointer, ctypes.c_int, pointer]
    egl.eglCreateContext.restype = pointer
    egl.eglCreateContext.argtypes = [pointer, pointer, pointer, pointer]
    egl.eglMakeCurrent.argtypes = [pointer, pointer, pointer, pointer]
    egl.eglGetProcAddress.restype = pointer
    display = egl.eglGetPlatformDisplay(_SURFACELESS_MESA, None, None)
    if not display or not egl.eglInitialize(display, None, None):
        raise RuntimeError("EGL gives no display")
    try:
        egl.eglBindAPI(_EGL_OPENGL_API)
        # without a surface type EGL asks for windows, which a display without a surface never has
        wanted = (ctypes.c_int * 5)(
            _EGL_RENDERABLE_TYPE, _EGL_OPENGL_BIT, _EGL_SURFACE_TYPE, _EGL_PBUFFER_BIT, _EGL_NONE
        )
        config, count = pointer(), ctypes.c_int()
        if (
            not egl.eglChooseConfig(display, wanted, ctypes.byref(config), 1, ctypes.byref(count))
            or not count
        ):
            raise RuntimeError("EGL offers no OpenGL")
        context = egl.eglCreateContext(display, config, None, None)
        if not context or not egl.eglMakeCurrent(display, None, None, context):
            raise RuntimeError("no OpenGL context can be made")
        get_string = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint)(egl.eglGetProcAddress(b"glGetString"))
        renderer, version = get_string(_GL_RENDERER), get_string(_GL_VERSION)
        if renderer is None or version is None:
            raise RuntimeError("the context says nothing of itself")
        return renderer.decode(), version.decode()
    finally:
        egl.eglTerminate(display)
