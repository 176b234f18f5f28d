"""Lets vLLM's CPU build run over Ray on the rehearsal's hosts. A vLLM plugin, never part of the product.

vLLM supports its Ray executor on GPUs only. Two things keep it from a CPU host, and each is one line:
- Ray places a worker by the name of a device; the CPU platform has none. The rehearsal's Ray pretends GPUs.
- The CPU communicator takes ranks for neighbours in shared memory when their group names agree. With the host's name
  in it, ranks on different hosts see that they are apart, and speak over gloo.
"""

import socket


def register():
    from vllm.distributed.device_communicators.cpu_communicator import _CPUSHMDistributed
    from vllm.platforms.cpu import CpuPlatform

    if CpuPlatform.ray_device_key == "GPU":
        return
    CpuPlatform.ray_device_key = "GPU"
    without_host = _CPUSHMDistributed.make_group_name
    _CPUSHMDistributed.make_group_name = staticmethod(
        lambda communicator: f"{without_host(communicator)}-{socket.gethostname()}"
    )
