"""Translates the scalar functions of `shading` into GLSL, so that the CPU and the GPU run one description."""

import ast
import inspect
import textwrap
from types import ModuleType

from espressivo.generators.face.render.look import SCENE_SIZE, Look

_TABLES = ("look", "scene", "noise")
_BUILT_IN = {"min": "min", "max": "max", "abs": "abs", "sqrt": "sqrt", "floor": "floor"}

_PRELUDE = """
uniform float scene[{size}];
uniform sampler3D noise;
vec3 f_noise_at(float x, float y, float z) {{ return texture(noise, vec3(x, y, z)).xyz; }}
"""


def translate(modules: tuple[ModuleType, ...], entry: str) -> str:
    """Return GLSL for every function of `modules` down to `entry`, each named `f_` + its Python name.

    Raises:
        ValueError: there is no such entry, or a function uses something outside the language that `shading` describes.
    """
    lines = [_PRELUDE.format(size=SCENE_SIZE)]
    lines += [f"const float look_{name} = {float(value)!r};" for name, value in Look()._asdict().items()]
    kinds = {"noise_at": "vec3"}
    for module in modules:
        constants = {name: value for name, value in vars(module).items() if name.isupper() and isinstance(value, int)}
        for name, value in vars(module).items():
            function = getattr(value, "py_func", None)
            if function is None or function.__module__ != module.__name__ or name == "noise_at":
                continue
            lines.append(_Function(function, constants, kinds).text)
            if name == entry:
                return "\n".join(lines)
    raise ValueError(f"There is no function '{entry}' to translate.")


class _Function:
    """One function on its way from Python's syntax tree to GLSL."""

    def __init__(self, function: object, constants: dict[str, int], kinds: dict[str, str]) -> None:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]  # type: ignore[arg-type]
        if not isinstance(tree, ast.FunctionDef):
            raise ValueError(f"{function} is no function.")
        self._constants, self._kinds, self._types = constants, kinds, {}
        self._temporaries = 0
        returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
        self._kind = "vec3" if any(self._is_vector(value) for value in returned) else "float"
        kinds[tree.name] = self._kind
        parameters = []
        for argument in tree.args.args:
            if argument.arg not in _TABLES:
                self._types[argument.arg] = "int" if argument.annotation else "float"
                parameters.append(f"{self._types[argument.arg]} {argument.arg}_")
        given = set(self._types)
        body = [line for node in tree.body for line in self._statement(node)]
        declared = [f"{kind} {name}_;" for name, kind in self._types.items() if name not in given]
        inner = "\n".join(f"    {line}" for line in declared + body)
        self.text = f"{self._kind} f_{tree.name}({', '.join(parameters)}) {{\n{inner}\n}}"

    def _is_vector(self, node: ast.expr | None) -> bool:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._kinds.get(node.func.id) == "vec3"
        return isinstance(node, ast.Tuple)

    def _statement(self, node: ast.stmt) -> list[str]:
        match node:
            case ast.Expr(value=ast.Constant()):
                return []
            case ast.Return(value=ast.Tuple(elts=elements)):
                return [f"return vec3({', '.join(map(self._expression, elements))});"]
            case ast.Return(value=value) if value is not None:
                return [f"return {self._expression(value)};"]
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._types.setdefault(name, self._type(value))
                return [f"{name}_ = {self._expression(value)};"]
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=value):
                self._temporaries += 1
                vector = f"t{self._temporaries}"
                lines = [f"vec3 {vector} = {self._expression(value)};"]
                for name, axis in zip(names, "xyz", strict=True):
                    self._types.setdefault(ast.unparse(name), "float")
                    lines.append(f"{self._expression(name)} = {vector}.{axis};")
                return lines
            case ast.AugAssign(target=target, value=value):
                return [f"{self._expression(target)} {_operator(node.op)}= {self._expression(value)};"]
            case ast.If(test=test, body=body, orelse=otherwise):
                lines = [f"if ({self._expression(test)}) {{"]
                lines += [f"    {line}" for inner in body for line in self._statement(inner)]
                if otherwise:
                    lines += ["} else {"] + [f"    {line}" for inner in otherwise for line in self._statement(inner)]
                return [*lines, "}"]
        raise ValueError(f"The shader language has no '{ast.unparse(node)}'.")

    def _expression(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=value):
                return repr(value)
            case ast.Name(id=name):
                return str(self._constants[name]) if name in self._constants else f"{name}_"
            case ast.Attribute(value=ast.Name(id="look"), attr=name):
                return f"look_{name}"
            case ast.Subscript(value=ast.Name(id="scene"), slice=index):
                return f"scene[{self._expression(index)}]"
            case ast.BinOp(left=left, op=op, right=right):
                return f"({self._expression(left)} {_operator(op)} {self._expression(right)})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self._expression(operand)})"
            case ast.Compare(left=left, ops=[ast.In()], comparators=[ast.Tuple(elts=choices)]):
                one = self._expression(left)
                return "(" + " || ".join(f"{one} == {self._expression(choice)}" for choice in choices) + ")"
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return f"({self._expression(left)} {_COMPARISONS[type(op)]} {self._expression(right)})"
            case ast.BoolOp(op=op, values=values):
                return "(" + (" || " if isinstance(op, ast.Or) else " && ").join(map(self._expression, values)) + ")"
            case ast.Call(func=function, args=arguments):
                name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
                given = [a for a in arguments if not (isinstance(a, ast.Name) and a.id in _TABLES)]
                if name not in _BUILT_IN and name not in self._kinds:
                    raise ValueError(f"The shader language has no '{ast.unparse(node)}'.")
                return f"{_BUILT_IN.get(name, f'f_{name}')}({', '.join(map(self._expression, given))})"
        raise ValueError(f"The shader language has no '{ast.unparse(node)}'.")

    def _type(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=int()):
                return "int"
            case ast.Name(id=name):
                return "int" if name in self._constants else self._types.get(name, "float")
            case ast.BinOp(left=left, right=right) if self._type(left) == self._type(right) == "int":
                return "int"
        return "float"


def _operator(op: ast.operator) -> str:
    return {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(op)]


_COMPARISONS = {ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
