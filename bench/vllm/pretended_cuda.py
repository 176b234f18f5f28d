"""vLLM's CUDA platform on a machine without one: what it would ask a driver is answered from a table.

Nothing is computed; importing this module before anything of vLLM makes `vllm.platforms.current_platform` a GPU.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import types
from unittest.mock import MagicMock

os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    VLLM_NO_USAGE_STATS="1",
    DO_NOT_TRACK="1",
    VLLM_HOST_IP="127.0.0.1",
    VLLM_LOGGING_LEVEL="ERROR",
)

# Name in shardplan's catalogue -> name, compute capability and GiB as CUDA reports them.
GPUS = {
    "H100-SXM-80GB": ("NVIDIA H100 80GB HBM3", (9, 0), 79.18),
    "H200-SXM-141GB": ("NVIDIA H200", (9, 0), 139.8),
    "B200-SXM-180GB": ("NVIDIA B200", (10, 0), 178.35),
    "B300-SXM-288GB": ("NVIDIA B300 SXM6 AC", (10, 3), 267.0),
    "A100-SXM-80GB": ("NVIDIA A100-SXM4-80GB", (8, 0), 79.14),
    "A100-SXM-40GB": ("NVIDIA A100-SXM4-40GB", (8, 0), 39.38),
    "L40S-48GB": ("NVIDIA L40S", (8, 9), 44.39),
    "L4-24GB": ("NVIDIA L4", (8, 9), 22.03),
    "A10G-24GB": ("NVIDIA A10G", (8, 6), 22.03),
    "RTX-PRO-6000-96GB": ("NVIDIA RTX PRO 6000 Blackwell Server Edition", (12, 0), 94.96),
}

COMPILED = ("vllm._C_stable_libtorch", "vllm._C", "vllm._moe_C")
BINDINGS = ("cuda", "cutlass", "deep_gemm", "quack")
FLASH_ATTENTION = ("", ".flash_attn_interface", ".layers", ".layers.rotary")

# True while a model is built: then every compiled operator is there.
answers_all = False


def _answer_for_compiled_operators() -> None:
    """Questions such as cutlass_scaled_mm_supports_fp8 are answered with yes."""
    import torch

    real = torch._ops._OpNamespace.__getattr__

    def get(self, name):
        try:
            return real(self, name)
        except AttributeError:
            if name.startswith("__") or not (answers_all or "supports" in name):
                raise
            return MagicMock(name=name, return_value=True)

    torch._ops._OpNamespace.__getattr__ = get


def _pretend_compiled_modules() -> None:
    for name in COMPILED:
        sys.modules.setdefault(name, types.ModuleType(name))
    for part in FLASH_ATTENTION:
        name = f"vllm.vllm_flash_attn{part}"
        module = MagicMock(name=name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        module.__path__ = []
        sys.modules[name] = module


def pretend_bindings() -> None:
    """NVIDIA's bindings and the kernels that hosts have, for models that ask while they are built; call it once all is imported."""
    sys.meta_path.insert(0, PretendedModules())


class PretendedModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds every module of the bindings."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in BINDINGS:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return MagicMock(name=spec.name)

    def exec_module(self, module):
        pass


def _has_flash_attention(version):
    """As vllm_flash_attn has it: version 2 from Ampere, 3 on Hopper, 4 on Hopper and data-centre Blackwell."""
    major = Platform.gpu[1][0]
    return {2: major >= 8, 3: major == 9, 4: major in (9, 10, 11)}[version]


def _pretend_platform():
    import vllm.platforms as platforms
    from vllm.platforms import cuda
    from vllm.platforms.interface import DeviceCapability

    class PretendedCuda(cuda.NonNvmlCudaPlatform):
        gpu = GPUS["H100-SXM-80GB"]
        count = 8

        @classmethod
        def get_device_capability(cls, device_id=0):
            return DeviceCapability(*cls.gpu[1])

        @classmethod
        def get_device_name(cls, device_id=0):
            return cls.gpu[0]

        @classmethod
        def get_device_total_memory(cls, device_id=0):
            return int(cls.gpu[2] * 2**30)

        @classmethod
        def current_device(cls):
            return "cuda"

        @classmethod
        def is_fully_connected(cls, ids):
            return True

        @classmethod
        def device_count(cls):
            return cls.count

        @classmethod
        def num_compute_units(cls, device_id=0):
            return 132

        @classmethod
        def log_warnings(cls):
            pass

        @classmethod
        def import_kernels(cls):
            pass

        @classmethod
        def has_device_capability(cls, capability, device_id=0):
            wanted = capability if isinstance(capability, tuple) else divmod(capability, 10)
            return tuple(cls.gpu[1]) >= tuple(wanted)

        @classmethod
        def is_device_capability(cls, capability, device_id=0):
            wanted = capability if isinstance(capability, tuple) else divmod(capability, 10)
            return tuple(cls.gpu[1]) == tuple(wanted)

        @classmethod
        def is_device_capability_family(cls, capability, device_id=0):
            return cls.gpu[1][0] == capability // 10

    platforms._current_platform = PretendedCuda()
    for module in list(sys.modules.values()):  # those that took the platform by name before
        if getattr(module, "__name__", "").startswith("vllm") and "current_platform" in vars(module):
            module.current_platform = platforms._current_platform
    import vllm.config.vllm
    from vllm.model_executor.models import registry
    from vllm.triton_utils import triton

    vllm.config.vllm.HAS_TRITON = True  # as on the hosts of a deployment
    triton.Config = MagicMock(name="triton.Config")  # modules of kernels sort their configurations while imported
    for part in FLASH_ATTENTION[:2]:
        sys.modules[f"vllm.vllm_flash_attn{part}"].is_fa_version_supported = _has_flash_attention
    registry._run_in_subprocess = lambda inspect: inspect()  # a process of its own would not pretend
    return PretendedCuda


_pretend_compiled_modules()
_answer_for_compiled_operators()
Platform = _pretend_platform()


def engine_config(arguments, folder):
    """The configuration that vLLM makes of `vllm serve` arguments (without the model) for the config.json in a folder.

    Raises what vLLM raises; SystemExit with the parser's last line when that refuses.
    """
    import contextlib
    import io

    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.entrypoints.cli.serve import ServeSubcommand
    from vllm.entrypoints.common.cli_args import validate_parsed_serve_args
    from vllm.usage.usage_lib import UsageContext
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parser = FlexibleArgumentParser(prog="vllm")
            ServeSubcommand().subparser_init(parser.add_subparsers(required=True, dest="subparser"))
            parsed = parser.parse_args(["serve", str(folder), *arguments])
    except SystemExit:
        raise SystemExit(said.getvalue().strip().splitlines()[-1]) from None
    if getattr(parsed, "model_tag", None):
        parsed.model = parsed.model_tag
    validate_parsed_serve_args(parsed)
    return AsyncEngineArgs.from_cli_args(parsed).create_engine_config(UsageContext.OPENAI_API_SERVER)
