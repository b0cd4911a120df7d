"""The OpenGL renderer: off-screen through EGL, on a GPU or Mesa's llvmpipe; `shading` becomes its fragment shader."""

from typing import Any, Self

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.errors import MissingDependencyError
from espressivo.generators.face.render import optics, shading
from espressivo.generators.face.render.geometry import COLUMNS
from espressivo.generators.face.render.glsl import translate
from espressivo.generators.face.render.look import MATERIALS
from espressivo.generators.face.render.raster import SAMPLES
from espressivo.generators.face.render.stage import Stage
from espressivo.generators.face.render.surface import DOUBLE_SIDED

_NEAR_M, _FAR_M = 0.2, 3.0
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software")
_INPUTS = (
    ("position", 3), ("normal", 3), ("light", 2), ("albedo", 3), ("material_mix", 3), ("grain", 3), ("tooth", 3),
)  # fmt: skip

_VERTEX = """
#version 330
{inputs}
{outputs}
uniform mat3 axes;
uniform vec3 origin;
uniform vec2 focal;
uniform vec2 range;
void main() {{
    vec3 view = (in_position - origin) * axes;
    float depth = (view.z * (range.y + range.x) - 2.0 * range.x * range.y) / (range.y - range.x);
    gl_Position = vec4(view.xy * focal, depth, view.z);
{copies}
}}
"""
_FRAGMENT = """
#version 330
{inputs}
uniform int material;
out vec4 colour;
{functions}
void main() {{
    colour = vec4(f_shade(material, position.x, position.y, position.z, normal.x, normal.y, normal.z,
        albedo.x, albedo.y, albedo.z, material_mix.x, material_mix.y, material_mix.z, grain.x, grain.y, grain.z,
        tooth.x, tooth.y, tooth.z, light.x, light.y), 1.0);
}}
"""
_WHOLE_PICTURE = """
#version 330
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }
"""
_COPY = """
#version 330
uniform sampler2D source;
out vec4 colour;
void main() { colour = vec4(texelFetch(source, ivec2(gl_FragCoord.xy), 0).rgb, 1.0); }
"""
_ENCODE = """
#version 330
uniform sampler2D source;
out vec4 colour;
void main() {
    vec3 x = clamp(texelFetch(source, ivec2(gl_FragCoord.xy), 0).rgb, 0.0, 1.0);
    vec3 high = 1.055 * pow(max(x, vec3(1e-6)), vec3(1.0 / 2.4)) - 0.055;
    colour = vec4(mix(12.92 * x, high, greaterThan(x, vec3(0.0031308))), 1.0);
}
"""


def create_context() -> Any:
    """Open an off-screen OpenGL 3.3 context of this thread.

    Raises:
        MissingDependencyError: there is no EGL library or no driver behind it.
    """
    try:
        import moderngl

        return moderngl.create_context(standalone=True, require=330, backend="egl")  # type: ignore[arg-type]
    except Exception as error:  # moderngl and glcontext raise plain `Exception`
        raise MissingDependencyError(
            f"OpenGL cannot be opened ({error}): install EGL and a driver (Debian: libegl1 libegl-mesa0 "
            "libgl1-mesa-dri), or use the renderer 'cpu'."
        ) from error


def is_hardware(context: Any) -> bool:
    """Whether a GPU, not the CPU, runs the shaders of `context`."""
    return not any(word in context.info["GL_RENDERER"].lower() for word in _SOFTWARE)


class OpenGLRenderer:
    """Renders with OpenGL. Use it in the thread that made it."""

    def __init__(self, stage: Stage, context: Any) -> None:
        self._stage, self._context = stage, context
        self.name = f"opengl ({context.info['GL_RENDERER'].split(' (')[0]})"
        size = (stage.width, stage.height)
        self._program = context.program(vertex_shader=_vertex_shader(), fragment_shader=_fragment_shader())
        self._table = context.buffer(reserve=len(stage.surface.attributes) * COLUMNS * 4, dynamic=True)
        order = np.argsort(stage.surface.material, kind="stable")
        indices = context.buffer(stage.surface.triangles[order].tobytes())
        layout = " ".join(f"{count}f" for _, count in _INPUTS)
        self._head = context.vertex_array(
            self._program, [(self._table, layout, *(f"in_{name}" for name, _ in _INPUTS))], indices
        )
        numbers, first, count = np.unique(stage.surface.material[order], return_index=True, return_counts=True)
        self._draws = [
            (int(number), 3 * int(begin), 3 * int(faces), MATERIALS[number] not in DOUBLE_SIDED)
            for number, begin, faces in zip(numbers, first, count, strict=True)
        ]
        self._set_camera()

        noise = context.texture3d(stage.noise.shape[:3], 3, stage.noise.tobytes(), dtype="f4")
        noise.filter = (context.LINEAR, context.LINEAR)
        noise.use(0)
        self._backdrop = context.texture(size, 3, stage.backdrop.tobytes(), dtype="f4")
        self._resolved = context.texture(size, 4, dtype="f2")
        self._samples = context.framebuffer(
            context.renderbuffer(size, 4, samples=SAMPLES, dtype="f2"),
            context.depth_renderbuffer(size, samples=SAMPLES),
        )
        self._linear = context.framebuffer(self._resolved)
        self._picture = context.framebuffer(context.renderbuffer(size, 4))
        self._copy, self._encode = (self._whole_picture(source) for source in (_COPY, _ENCODE))
        context.front_face = "cw"  # rows run downward, as in the picture that is read back

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.release()

    def frame(
        self, weights: Float[np.ndarray, "52"], head_rad: Float[np.ndarray, "3"], gaze_rad: Float[np.ndarray, "2"]
    ) -> UInt8[np.ndarray, "height width 3"]:
        """Render one moment as sRGB."""
        context = self._context
        table, scene = self._stage.pose(weights, head_rad, gaze_rad)
        self._table.write(table.tobytes())
        self._program["scene"].write(scene.astype(np.float32).tobytes())
        self._samples.use()
        self._samples.clear(depth=1.0)
        context.disable(context.DEPTH_TEST | context.CULL_FACE)
        self._backdrop.use(1)
        self._copy.render(vertices=3)
        context.enable(context.DEPTH_TEST)
        for material, first, count, one_sided in self._draws:
            (context.enable if one_sided else context.disable)(context.CULL_FACE)
            self._program["material"].value = material
            self._head.render(first=first, vertices=count)
        context.disable(context.DEPTH_TEST | context.CULL_FACE)
        context.copy_framebuffer(self._linear, self._samples)
        self._picture.use()
        self._resolved.use(1)
        self._encode.render(vertices=3)
        shape = (self._stage.height, self._stage.width, 3)
        return np.frombuffer(self._picture.read(components=3, alignment=1), np.uint8).reshape(shape).copy()

    def _set_camera(self) -> None:
        stage, camera = self._stage, self._stage.camera
        focal = 2.0 * camera.focal_px(stage.width, stage.height)
        self._program["axes"].write(camera.axes.astype(np.float32).tobytes())
        self._program["origin"].value = tuple(camera.position_m)
        self._program["focal"].value = (focal / stage.width, focal / stage.height)
        self._program["range"].value = (_NEAR_M, _FAR_M)
        self._program["noise"].value = 0

    def _whole_picture(self, fragment_shader: str) -> Any:
        program = self._context.program(vertex_shader=_WHOLE_PICTURE, fragment_shader=fragment_shader)
        program["source"].value = 1
        return self._context.vertex_array(program, [])


def _vertex_shader() -> str:
    return _VERTEX.format(
        inputs="\n".join(f"in vec{count} in_{name};" for name, count in _INPUTS),
        outputs="\n".join(f"centroid out vec{count} {name};" for name, count in _INPUTS),
        copies="\n".join(f"    {name} = in_{name};" for name, _ in _INPUTS),
    )


def _fragment_shader() -> str:
    return _FRAGMENT.format(
        inputs="\n".join(f"centroid in vec{count} {name};" for name, count in _INPUTS),
        functions=translate((optics, shading), "shade"),
    )
