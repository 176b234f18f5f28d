"""Builds vLLM's own model classes on the meta device and counts their bytes: weigh_models.py FOLDER.

FOLDER/builds.json holds for each build a name, config.json, arguments, GPU and pipeline stage; FOLDER/results.jsonl gets
the bytes of the parameters on the first rank of that stage, or what vLLM said when it refused.
"""

import json
import pathlib
import sys
from unittest.mock import MagicMock

import pretended_cuda
from pretended_cuda import GPUS, Platform, engine_config

import torch
import vllm.distributed.parallel_state as groups
from vllm.config import set_current_vllm_config
from vllm.model_executor.model_loader.utils import initialize_model
from vllm.utils.torch_utils import set_default_torch_dtype

torch.cuda.Stream = torch.cuda.Event = MagicMock
torch.cuda.current_stream = lambda *_: MagicMock()


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


def pretend_groups(parallel, stage):
    tensor, data = parallel.tensor_parallel_size, parallel.data_parallel_size
    groups._TP, groups._DP = Group(tensor), Group(data)
    groups._PP = Group(parallel.pipeline_parallel_size, stage)
    groups._EP = Group(tensor * data)
    groups._WORLD = Group(tensor * parallel.pipeline_parallel_size)
    for name in ("_DCP", "_PCP", "_EPLB"):
        if hasattr(groups, name):
            setattr(groups, name, Group(1))


def weigh(build):
    Platform.gpu = GPUS[build["gpu"]]
    config = engine_config([*build["arguments"], "--enforce-eager"], build["config"])
    pretend_groups(config.parallel_config, build["stage"])
    dtype = config.model_config.dtype
    with set_current_vllm_config(config), set_default_torch_dtype(dtype), torch.device("meta"):
        pretended_cuda.answers_all = True
        try:
            model = initialize_model(vllm_config=config)
        finally:
            pretended_cuda.answers_all = False
    return sum(p.numel() * p.element_size() for _, p in model.named_parameters(remove_duplicate=True))


def main():
    folder = pathlib.Path(sys.argv[1])
    with (folder / "results.jsonl").open("w") as results:
        for build in json.loads((folder / "builds.json").read_text()):
            try:
                result = {"bytes": weigh(build)}
            except (Exception, SystemExit) as refusal:
                result = {"refused": f"{type(refusal).__name__}: {' '.join(str(refusal).split())[:300]}"}
            print(json.dumps({"name": build["name"], **result}), file=results, flush=True)


main()
