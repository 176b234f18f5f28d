"""Drives vLLM's own scheduler and KV-cache manager with a pretended worker: drive_scheduler.py FOLDER.

FOLDER/scenarios.json holds the requests, limits and step times; FOLDER/results.jsonl gets, for each, when every first and
last token was out, the steps and the preemptions. The loop is that of `step_with_batch_queue` in vllm/v1/engine/core.py:
batches are composed until as many are queued as may be in flight, empty ones included; then the oldest is waited for.
"""

import json
import pathlib
import random
import sys
from collections import deque
from unittest.mock import MagicMock

from pretended_cuda import engine_config

import torch  # noqa: E402
from drive_lockstep import Cluster
from vllm.sampling_params import SamplingParams
from vllm.utils.hashing import get_hash_fn_by_name
from vllm.v1.core.kv_cache_utils import get_request_block_hasher, init_none_hash
from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec
from vllm.v1.outputs import ModelRunnerOutput
from vllm.v1.request import Request

BLOCK = 16
END, OTHER = 2, 7  # tokens: the end of a text, and any other
MODEL = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "torch_dtype": "bfloat16",
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "bos_token_id": 1,
    "eos_token_id": END,
}


class Pipeline:
    """A worker whose step times are linear in the tokens, on as many stages as the scenario has."""

    def __init__(self, scenario):
        self.stages = scenario["stages"]
        self.base, self.per_token = scenario["baseMs"], scenario["perTokenMs"]
        self.free = [0.0] * self.stages
        self.last_end = 0.0
        self.last_batch_of = {}  # request -> end of the batch that computes its latest token

    def run(self, now, tokens, samplers, scheduled):
        """End of a batch; a sequence queued while its last token is computed waits for that."""
        own = [self.last_batch_of.get(r, 0.0) for r in scheduled] if self.stages > 1 else []
        ready = max([now, *own])
        for stage in range(self.stages):
            ready = max(ready, self.free[stage]) + (self.base + self.per_token * tokens) / self.stages
            self.free[stage] = ready
        for request in samplers:
            self.last_batch_of[request] = ready
        self.last_end = ready
        return ready


def make_scheduler(scenario, model):
    caching = scenario["prefixCaching"]
    config = engine_config(
        [
            *("--pipeline-parallel-size", str(scenario["stages"]), "--distributed-executor-backend", "ray"),
            *("--max-model-len", "32768", "--max-num-batched-tokens", str(scenario["budget"])),
            *("--max-num-seqs", str(scenario["sequences"])),
            "--enable-prefix-caching" if caching else "--no-enable-prefix-caching",
            *("--prefill-schedule-interval", str(scenario["prefillInterval"])),
            *("--watermark", str(scenario["watermark"])),
        ],
        model,
    )
    blocks = scenario["kvTokens"] // BLOCK + 1  # one is vLLM's null block
    config.cache_config.num_gpu_blocks = blocks
    spec = FullAttentionSpec(block_size=BLOCK, num_kv_heads=1, head_size=64, dtype=torch.bfloat16)
    cache = KVCacheConfig(
        num_blocks=blocks, kv_cache_tensors=[], kv_cache_groups=[KVCacheGroupSpec(["layer"], spec)]
    )
    structured = MagicMock()
    structured.should_advance.return_value = False
    scheduler = config.scheduler_config.get_scheduler_cls()(
        vllm_config=config,
        kv_cache_config=cache,
        structured_output_manager=structured,
        block_size=BLOCK,
        log_stats=False,
    )
    hasher = None
    if caching:
        hash_of = get_hash_fn_by_name(config.cache_config.prefix_caching_hash_algo)
        init_none_hash(hash_of)
        hasher = get_request_block_hasher(BLOCK, hash_of)
    return scheduler, config.max_concurrent_batches, hasher


def make_requests(scenario, hasher):
    rng = random.Random(1)
    prefix = [rng.randrange(100, 30000) for _ in range(scenario["prefixTokens"])]
    ends_by_token = scenario["endsByToken"]

    def make(name, prompt, output):
        tokens = prefix[:prompt] + [rng.randrange(100, 30000) for _ in range(prompt - len(prefix))]
        params = SamplingParams(
            max_tokens=output + 64 if ends_by_token else output,
            ignore_eos=not ends_by_token,
            stop_token_ids=[END] if ends_by_token else None,
        )
        return Request(name, tokens, params, None, block_hasher=hasher)

    prompts, outputs = scenario["prompts"], scenario["outputs"]
    requests = [make(str(i), prompts[i], outputs[i]) for i in range(len(prompts))]
    return requests, make("warm-up", len(prefix) + 1, 1) if prefix else None


def output_of(scheduled, chunks, sampled):
    ids = list(scheduled)
    return ModelRunnerOutput(
        req_ids=ids,
        req_id_to_index={r: i for i, r in enumerate(ids)},
        sampled_token_ids=[[] if chunks[r] else [sampled(r)] for r in ids],
    )


def warm_up(scheduler, request):
    """Leaves the shared prefix in the cache."""
    scheduler.add_request(request)
    while scheduler.has_requests():
        out = scheduler.schedule()
        chunks = {r: scheduler.requests[r].is_prefill_chunk for r in out.num_scheduled_tokens}
        scheduler.update_from_output(out, output_of(out.num_scheduled_tokens, chunks, lambda _: END))


def drive(scenario, model):
    scheduler, in_flight, hasher = make_scheduler(scenario, model)
    requests, warmer = make_requests(scenario, hasher)
    if warmer is not None:
        warm_up(scheduler, warmer)
    pipeline = Pipeline(scenario)
    sent, clients, sampled = list(scenario["sentMs"]), scenario["clients"], sampler_of(scenario)
    following = clients if clients > 0 else len(requests)  # closed loop: the next is sent when one is done
    arrivals = deque(sorted((sent[i], i) for i in range(min(following, len(requests)))))
    first, done = {}, {}
    now, steps, queue = 0.0, 0, deque()

    while len(done) < len(requests):
        while arrivals and arrivals[0][0] <= now:
            scheduler.add_request(requests[arrivals.popleft()[1]])
        if scheduler.has_requests():
            out = scheduler.schedule()
            tokens, end, chunks = out.total_num_scheduled_tokens, max(now, pipeline.last_end), {}
            if tokens > 0:
                steps += 1
                chunks = {r: scheduler.requests[r].is_prefill_chunk for r in out.num_scheduled_tokens}
                samplers = [r for r in chunks if not chunks[r]]
                end = pipeline.run(now, tokens, samplers, out.num_scheduled_tokens)
            queue.append((end, out, chunks))
            if len(queue) < in_flight and (tokens > 0 or scheduler.has_requests()):
                continue
        elif not queue:
            now = max(now, arrivals[0][0])
            continue
        end, out, chunks = queue.popleft()
        now = max(now, end)
        worker_output = output_of(out.num_scheduled_tokens, chunks, sampled)
        for answer in scheduler.update_from_output(out, worker_output).values():
            for token in answer.outputs:
                request = int(token.request_id)
                if token.new_token_ids:
                    first.setdefault(request, now)
                if token.finish_reason is not None:
                    done[request] = now
                    if following < len(requests):
                        sent[following] = now
                        arrivals.append((now, following))
                        following += 1
    return result_of(scenario, requests, sent, first, done, steps)


def drive_ranks(scenario, model):
    """The data-parallel ranks of a mixture of experts."""
    made = [make_scheduler(scenario, model) for _ in range(scenario["ranks"])]
    _, in_flight, hasher = made[0]
    requests, _ = make_requests(scenario, hasher)
    sampled = sampler_of(scenario)

    def answer(out, chunks):
        return output_of(out.num_scheduled_tokens, chunks, sampled)

    cluster = Cluster(scenario, [scheduler for scheduler, _, _ in made], in_flight, requests, answer)
    cluster.run()
    return result_of(scenario, requests, cluster.sent, cluster.first, cluster.done, cluster.steps)


def sampler_of(scenario):
    """What a request's next token is: any, until the last."""
    produced = {}

    def sampled(request):
        produced[request] = produced.get(request, 0) + 1
        return END if produced[request] == scenario["outputs"][int(request)] else OTHER

    return sampled


def result_of(scenario, requests, sent, first, done, steps):
    return {
        "name": scenario["name"],
        "sentMs": sent,
        "firstTokenMs": [first[i] for i in range(len(requests))],
        "doneMs": [done[i] for i in range(len(requests))],
        "steps": steps,
        "preemptions": sum(r.num_preemptions for r in requests),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    model = folder / "model"
    model.mkdir()
    (model / "config.json").write_text(json.dumps(MODEL))
    with (folder / "results.jsonl").open("w") as results:
        for scenario in json.loads((folder / "scenarios.json").read_text()):
            ranks = scenario["ranks"]
            result = drive_ranks(scenario, model) if ranks > 1 else drive(scenario, model)
            print(json.dumps(result), file=results, flush=True)
            print(scenario["name"], flush=True)


main()
