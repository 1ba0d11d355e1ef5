"""docs/openapi.yaml as the tests read it: operations, and whether a value fits a schema."""

import re

import yaml

from harness import ROOT, Failure

KEYWORDS = {"type", "nullable", "description", "properties", "required", "items", "enum", "pattern", "minimum", "maximum",
            "minLength", "maxLength", "minItems", "maxItems", "additionalProperties", "oneOf", "default", "format"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}


class Document:
    def __init__(self):
        self.root = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
        self.operations = {}    # (method, template) -> operation
        for template, item in self.root["paths"].items():
            for method, operation in item.items():
                self.operations[method.upper(), template] = operation

    def follow(self, node):
        while "$ref" in node:
            if set(node) != {"$ref"}:
                raise Failure(f"members beside {node['$ref']} count for nothing")
            target = self.root
            for name in node["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            node = target
        return node

    def parameters(self, operation, place):
        found = [self.follow(parameter) for parameter in operation.get("parameters", [])]
        return {parameter["name"]: parameter["schema"] for parameter in found if parameter["in"] == place}

    def routes(self):
        """Every (method, path) with ':' for an argument; a parameter with an enum gives one for each word."""
        found = set()
        for (method, template), operation in self.operations.items():
            words = self.parameters(operation, "path")
            paths = [template]
            for name in re.findall(r"\{(\w+)\}", template):
                choices = words[name].get("enum", [":"])
                paths = [path.replace(f"{{{name}}}", choice) for path in paths for choice in choices]
            found |= {(method, path) for path in paths}
        return found

    def find(self, method, path):
        """The template of a path; one without parameters at a place goes before one with."""
        best = None
        for (one, template), operation in self.operations.items():
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            match = re.fullmatch(pattern, path.split("?")[0])
            if one != method or not match:
                continue
            schemas = self.parameters(operation, "path")
            if all(value in schemas[name].get("enum", [value]) for name, value in match.groupdict().items()):
                if best is None or template.count("{") < best.count("{"):
                    best = template
        return best

    def complaints(self, value, schema, where="body", is_answer=True):
        """Sentences; an answer has no member that the schema does not name."""
        schema = self.follow(schema)
        unknown = set(schema) - KEYWORDS
        if unknown:
            return [f"{where}: the schema uses {unknown}, which this test does not know"]
        if value is None:
            return [] if schema.get("nullable") or not schema else [f"{where} is null"]
        if "oneOf" in schema:
            fitting = [one for one in schema["oneOf"] if not self.complaints(value, one, where, is_answer)]
            return [] if len(fitting) == 1 else [f"{where}: {value!r} fits {len(fitting)} of its forms"]
        kind = schema.get("type")
        if kind and (not isinstance(value, TYPES[kind]) or isinstance(value, bool) != (kind == "boolean")):
            return [f"{where}: {value!r:.80} is no {kind}"]
        return [f"{where}: {sentence}" for sentence in self._limits(value, schema)] + \
            self._parts(value, schema, where, is_answer)

    @staticmethod
    def _limits(value, schema):
        if "enum" in schema and value not in schema["enum"]:
            yield f"{value!r} is none of {schema['enum']}"
        if isinstance(value, str):
            if not re.search(schema.get("pattern", ""), value):
                yield f"{value!r} does not match {schema['pattern']}"
            if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
                yield f"{value!r} has the wrong length"
        elif isinstance(value, list):
            if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
                yield f"{len(value)} items"
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
                yield f"{value} is out of range"

    def _parts(self, value, schema, where, is_answer):
        found = []
        if isinstance(value, list):
            for number, item in enumerate(value):
                found += self.complaints(item, schema.get("items", {}), f"{where}[{number}]", is_answer)
        if isinstance(value, dict):
            properties, more = schema.get("properties", {}), schema.get("additionalProperties", False)
            found += [f"{where} has no {name}" for name in schema.get("required", []) if name not in value]
            for name, item in value.items():
                if name in properties or isinstance(more, dict):
                    found += self.complaints(item, properties.get(name, more), f"{where}.{name}", is_answer)
                elif not more:
                    found.append(f"{where}.{name} is not in the document")
        return found
