"""Which values the flags of `vllm serve` take, from vLLM's own parser: record_flags.py FOLDER.

FOLDER/flags.json gets every spelling of a flag: how many values it takes ("none", "optional", "one" or "several") and of
which simple type ("int", "float", "size" such as 4k, "json", "object" for JSON with keys and sizes, "text", "text or json", or
the list of its choices). "or none" marks types for which an empty value or None stands for unset; "folds" flags whose
choices are taken in any case, with dashes too.
"""

import json
import pathlib
import sys

import pretended_cuda  # noqa: F401  vLLM asks for its platform while it is imported

from vllm.config.vllm import OptimizationLevel
from vllm.engine import arg_utils
from vllm.entrypoints.cli.serve import ServeSubcommand
from vllm.utils import argparse_utils
from vllm.utils.argparse_utils import FlexibleArgumentParser

SIZES = (argparse_utils.human_readable_int, argparse_utils.human_readable_int_or_auto)
VALUES = {None: "one", "?": "optional", "+": "several", "*": "several"}


def unwrapped(function):
    """What `optional_type` or `parse_type` wraps, and whether an empty value may stand for none."""
    optional = False
    while getattr(function, "__qualname__", "").startswith(("optional_type.", "parse_type.")):
        optional = optional or function.__qualname__.startswith("optional_type.")
        function = function.__closure__[0].cell_contents
    return function, optional


def simple_type(function):
    if function in (int, float):
        return function.__name__
    if function in SIZES:
        return "size"
    if function is json.loads:
        return "json"
    if "parse_dataclass" in getattr(function, "__qualname__", ""):
        return "object"
    return "text or json" if function is arg_utils.union_dict_and_str else "text"


def recorded(action):
    if action.nargs == 0:
        return {"takes": "none"}
    function, optional = unwrapped(action.type)
    choices = action.choices
    if action.dest == "optimization_level":  # text to the parser, an enumeration to the configuration
        choices = [level.value for level in OptimizationLevel]
    if choices:
        type_ = [str(choice) for choice in choices]
    else:
        type_ = simple_type(function) + (" or none" if optional else "")
    folds = bool(choices) and getattr(function, "__name__", "") == "<lambda>"
    return {"takes": VALUES[action.nargs], "type": type_, "folds": folds}


def main():
    parser = FlexibleArgumentParser(prog="vllm")
    serve = ServeSubcommand().subparser_init(parser.add_subparsers(required=True, dest="subparser"))
    # Unlike the actions it has the spellings that help hides.
    flags = {spelling: {"of": action.dest, **recorded(action)} for spelling, action in serve._option_string_actions.items()}
    (pathlib.Path(sys.argv[1]) / "flags.json").write_text(json.dumps(flags))


main()
