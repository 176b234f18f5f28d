"""Lets vLLM's CPU build run over Ray on the rehearsal's hosts. Loaded by a .pth file there; never part of the product.

vLLM supports its Ray executor on GPUs only. Two things keep it from a CPU host, and a third from one with AMX; each is
one line:
- Ray places a worker by the name of a device; the CPU platform has none. The rehearsal's Ray pretends GPUs.
- The CPU communicator takes ranks for neighbours in shared memory when their group names agree. With the host's name
  in it, ranks on different hosts see that they are apart, and speak over gloo.
- vLLM's attention uses AMX where the CPU has it, without asking the kernel first, and dies of an illegal instruction.

vLLM's own plugins come too late: a Ray actor asks for the device before it loads them. So each module is changed
right after it is imported.
"""

import importlib.machinery
import socket
import sys


def prepare_cpu(module):
    module.CpuPlatform.ray_device_key = "GPU"
    module.torch.cpu._init_amx()


def name_host(module):
    group = module._CPUSHMDistributed
    without_host = group.make_group_name
    group.make_group_name = staticmethod(lambda communicator: f"{without_host(communicator)}-{socket.gethostname()}")


CHANGES = {
    "vllm.platforms.cpu": prepare_cpu,
    "vllm.distributed.device_communicators.cpu_communicator": name_host,
}


class ChangeAfterImport:
    """A finder that finds what the usual one finds, and has the module changed once it is loaded."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        change = CHANGES.get(name)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if change else None
        if spec is None:
            return None
        load = spec.loader.exec_module

        def load_and_change(module):
            load(module)
            change(module)

        spec.loader.exec_module = load_and_change
        return spec


sys.meta_path.insert(0, ChangeAfterImport)
