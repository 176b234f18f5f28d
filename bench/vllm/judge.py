"""What vLLM makes of `vllm serve` arguments and of its own model classes: judge.py FOLDER.

FOLDER/questions.json holds for each question a name, the folder of its model, the arguments, the GPU, hosts and GPUs a host,
and the pipeline stages to build. FOLDER/results.jsonl gets for each the quantisation that vLLM found and the bytes of the
parameters on the first rank of each stage, built on PyTorch's meta device; or what vLLM said when it refused, and where.
"""

import json
import pathlib
import sys
from unittest.mock import MagicMock

import pretended_cuda
from pretended_cuda import GPUS, Platform, engine_config

import ray
import torch
import vllm.distributed.parallel_state as groups
from ray._private import state as ray_state
from torch.overrides import TorchFunctionMode
from vllm.config import set_current_vllm_config
from vllm.model_executor.layers.fused_moe.experts import trtllm_mxfp4_moe
from vllm.model_executor.model_loader.utils import initialize_model
from vllm.utils.torch_utils import set_default_torch_dtype
from vllm.v1.attention import selector
from vllm.v1.engine.utils import CoreEngineActorManager
from vllm.v1.worker.workspace import init_workspace_manager

torch.cuda.Stream = torch.cuda.Event = MagicMock
torch.cuda.current_stream = lambda *_: MagicMock()
pretended_cuda.pretend_bindings()
# Hosts have FlashInfer. Here it is missing, and mxfp4 experts would be laid out for another kernel than on Blackwell hosts.
trtllm_mxfp4_moe.has_flashinfer = lambda: True
ray.util.placement_group = lambda **_: object()
init_workspace_manager(torch.device("meta"))


class Group:
    """A process group of which this process is one rank, without the others."""

    def __init__(self, size, rank=0):
        self.world_size, self.ranks, self.unique_name = size, list(range(size)), "pretended"
        self.rank = self.rank_in_group = rank
        self.local_rank = 0
        self.is_first_rank, self.is_last_rank = rank == 0, rank == size - 1
        self.first_rank, self.last_rank = 0, size - 1
        self.device_group = self.cpu_group = MagicMock()
        self.device, self.device_communicator = torch.device("meta"), None
        self.use_device_communicator, self.mq_broadcaster = False, None


class OnMeta(TorchFunctionMode):
    """What asks for memory of the GPU gets none, as all else on the meta device."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if str(kwargs.get("device")).startswith("cuda"):
            kwargs = {**kwargs, "device": "meta"}
        return func(*args, **kwargs)


def pretend_groups(parallel, stage):
    tensor, data = parallel.tensor_parallel_size, parallel.data_parallel_size
    groups._TP, groups._DP = Group(tensor), Group(data)
    groups._PP = Group(parallel.pipeline_parallel_size, stage)
    groups._EP = Group(tensor * data)
    groups._WORLD = Group(tensor * parallel.pipeline_parallel_size)
    for name in ("_DCP", "_PCP", "_EPLB"):
        if hasattr(groups, name):
            setattr(groups, name, Group(1))


def place(config, nodes, gpus):
    """Lets vLLM place its data-parallel ranks on a pretended Ray cluster."""
    parallel = config.parallel_config
    if parallel.data_parallel_size == 1 or parallel.data_parallel_backend != "ray":
        return
    head = {"node:__internal_head__": 1.0}
    hosts = {
        f"host-{i}": {"GPU": float(gpus), "CPU": 192.0, f"node:10.0.0.{i + 1}": 1.0, **(head if i == 0 else {})}
        for i in range(nodes)
    }
    ray_state.available_resources_per_node = lambda: hosts
    parallel.data_parallel_master_ip = "10.0.0.1"
    CoreEngineActorManager.create_dp_placement_groups(config)


def size_of(model):
    """Bytes of the parameters; weights that are quantised while they are loaded are allocated then, at one byte each."""
    loading = {
        id(parameter)
        for module in model.modules()
        if getattr(getattr(module, "quant_method", None), "uses_meta_device", False)
        for parameter in module.parameters(recurse=False)
        if parameter.dim() > 1
    }
    return sum(p.numel() * (1 if id(p) in loading else p.element_size()) for p in model.parameters())


def weigh(config, stage):
    """Bytes of the parameters on the first rank of a stage."""
    pretend_groups(config.parallel_config, stage)
    dtype = config.model_config.dtype
    with set_current_vllm_config(config), set_default_torch_dtype(dtype), torch.device("meta"):
        pretended_cuda.answers_all = True
        try:
            with OnMeta():
                model = initialize_model(vllm_config=config)
        finally:
            pretended_cuda.answers_all = False
    return size_of(model)


def judge(question, folder):
    Platform.gpu, Platform.count = GPUS[question["gpu"]], question["gpusPerNode"]
    selector._cached_get_attn_backend.cache_clear()  # the choice is kept by everything but the GPU
    answer, at = {}, "arguments"
    try:
        config = engine_config(question["arguments"], folder / question["model"])
        answer["quantization"] = config.model_config.quantization
        at = "placement"
        place(config, question["nodes"], question["gpusPerNode"])
        at = "model"
        answer["bytes"] = [weigh(config, stage) for stage in question["stages"]]
    except (Exception, SystemExit) as refusal:
        said = " ".join(str(refusal).split())[:1500]
        answer["refused"] = {"at": at, "said": f"{type(refusal).__name__}: {said}"}
    return answer


def main():
    folder = pathlib.Path(sys.argv[1])
    with (folder / "results.jsonl").open("w") as results:
        for question in json.loads((folder / "questions.json").read_text()):
            print(json.dumps(judge(question, folder)), file=results, flush=True)
            print(question["name"], flush=True)


main()
