"""Drives the data-parallel ranks of a mixture of experts: vLLM's own schedulers and its own balancing, with pretended workers.

Each rank is the loop of `DPEngineCoreProc.run_busy_loop` over `step_with_batch_queue` in vllm/v1/engine/core.py, as a
generator that yields where the real one blocks. The choice of a rank is `DPLBAsyncMPClient.get_core_engine_for_request`
itself, called on as many clients as there are API servers; what they know of the ranks is published every 100 ms as by
`DPCoordinatorProc`.
"""

import asyncio
import math
from collections import Counter, deque
from types import SimpleNamespace

from vllm.v1.engine.core_client import DPLBAsyncMPClient

SNAPSHOT_MS = 100.0
INFINITY = math.inf


class Balancer:
    """The clients of the API servers, and the coordinator that tells them about the ranks."""

    def __init__(self, ranks, servers):
        self.ranks, self.server_of = ranks, servers
        engines = [bytes([i]) for i in range(len(ranks))]
        self.clients = [
            SimpleNamespace(
                client_count=len(ranks),
                eng_start_index=i,
                core_engines=engines,
                engine_inflight=Counter(),
                reqs_in_flight={},
                streaming_reqs=set(),
                lb_engines=[[0, 0, 0.0] for _ in ranks],
            )
            for i in range(len(ranks))
        ]
        self.next_snapshot = 0.0

    def look(self, now):
        if now < self.next_snapshot:
            return
        for client in self.clients:
            client.lb_engines = [list(rank.counts) for rank in self.ranks]
        self.next_snapshot = (now // SNAPSHOT_MS + 1) * SNAPSHOT_MS

    def pick(self, row):
        request = SimpleNamespace(
            request_id=str(row), resumable=False, data_parallel_rank=None, pooling_params=None
        )
        client = self.clients[self.server_of[row]]
        return client.core_engines.index(
            DPLBAsyncMPClient.get_core_engine_for_request(client, request)
        )

    def done(self, row):
        outputs = SimpleNamespace(finished_requests={str(row)})
        client = self.clients[self.server_of[row]]
        asyncio.run(DPLBAsyncMPClient.process_engine_outputs(client, outputs))


class Rank:
    """One engine core. `due` says when it goes on; infinity while that hangs on other ranks."""

    def __init__(self, scheduler, in_flight, cluster):
        self.scheduler, self.in_flight, self.cluster = scheduler, in_flight, cluster
        scheduler.local_prefill_interval = 1  # as with a data-parallel size above 1
        self.arrivals = deque()
        self.counts = [0, 0, 0.0]
        self.issued = 0  # forward passes launched
        self.now, self.due, self.state = 0.0, INFINITY, ("stopped", None)
        self.loop = self.run()
        next(self.loop)

    def poll(self):
        while self.arrivals and self.arrivals[0][0] <= self.now:
            self.scheduler.add_request(self.arrivals.popleft()[1])

    def publish_counts(self):
        running, waiting = self.scheduler.get_request_counts()
        if self.counts[:2] != [waiting, running]:
            self.counts = [waiting, running, self.scheduler.get_kv_cache_usage()]

    def issue(self, tokens):
        self.cluster.issue(self.issued, tokens, self.now)
        self.issued += 1
        return self.issued - 1

    def run(self):
        queue, turns = deque(), 0
        yield "stopped", None
        while True:
            yield "turn", None
            self.poll()
            self.publish_counts()
            executed, is_blocked = False, bool(queue)
            if self.scheduler.has_requests():
                interval = self.cluster.prefill_interval
                out = self.scheduler.schedule(interval > 1 and turns % interval != 0)
                tokens = out.total_num_scheduled_tokens
                chunks = {r: self.scheduler.requests[r].is_prefill_chunk for r in out.num_scheduled_tokens}
                executed = tokens > 0
                queue.append((self.issue(tokens) if executed else self.issued - 1, out, chunks))
                self.cluster.steps += executed
                is_blocked = not (
                    len(queue) < self.in_flight and (executed or self.scheduler.has_requests())
                )
            if is_blocked:
                number, out, chunks = queue.popleft()
                yield "batch", number
                self.cluster.publish(self, out, chunks)
            self.publish_counts()
            unfinished = self.scheduler.has_unfinished_requests()
            if not executed:
                yield "dummy", self.issue(1)
            turns += 1
            if turns == 1 or turns % self.cluster.sync_interval == 0:
                if not (yield "sync", unfinished):
                    turns = 0
                    yield "stopped", None


class Cluster:
    """Ranks whose forward passes wait for each other."""

    def __init__(self, scenario, schedulers, in_flight, requests, sampled):
        self.base, self.per_token = scenario["baseMs"], scenario["perTokenMs"]
        self.outputs, self.requests, self.sampled = scenario["outputs"], requests, sampled
        self.sync_interval = schedulers[0].vllm_config.parallel_config.dp_sync_interval
        self.prefill_interval = scenario["prefillInterval"]
        self.rounds = {}  # number -> tokens of the ranks that have launched it
        self.launched, self.launch_ms, self.ends = 0, 0.0, {-1: 0.0}
        self.steps = 0
        self.ranks = []
        self.ranks = [Rank(scheduler, in_flight, self) for scheduler in schedulers]
        self.balancer = Balancer(self.ranks, scenario["servers"])
        self.first, self.done = {}, {}
        self.sent = list(scenario["sentMs"])
        clients = scenario["clients"]
        self.following = clients if clients > 0 else len(requests)
        self.coming = deque(sorted((self.sent[i], i) for i in range(min(self.following, len(requests)))))

    def issue(self, number, tokens, now):
        self.rounds.setdefault(number, []).append((now, tokens))

    def run_round(self, tokens):
        """The ranks' own work, then the experts' of all tokens."""
        return self.base + self.per_token * (max(tokens) + sum(tokens)) / 2

    def launch(self):
        while len(self.rounds.get(self.launched, ())) == len(self.ranks):
            issued = self.rounds.pop(self.launched)
            self.launch_ms = max(self.launch_ms, *(now for now, _ in issued))
            start = max(self.launch_ms, self.ends[self.launched - 1])
            self.ends[self.launched] = start + self.run_round([tokens for _, tokens in issued])
            self.launched += 1
        for rank in self.ranks:
            state, number = rank.state
            if rank.due < INFINITY or state not in ("batch", "dummy") or number >= self.launched:
                continue
            rank.due = self.launch_ms if state == "dummy" else max(rank.now, self.ends[number])

    def sync(self):
        if any(rank.state[0] != "sync" for rank in self.ranks):
            return
        now = max(rank.now for rank in self.ranks)
        runs = any(rank.state[1] for rank in self.ranks)
        for rank in self.ranks:
            self.resume(rank, now, runs)

    def resume(self, rank, now, answer=None):
        rank.now, rank.due = now, INFINITY
        rank.state = rank.loop.send(answer)
        if rank.state[0] == "turn":
            rank.due = now

    def send(self, row, now):
        rank = self.ranks[self.balancer.pick(row)]
        rank.arrivals.append((now, self.requests[row]))

    def publish(self, rank, out, chunks):
        for answer in rank.scheduler.update_from_output(out, self.sampled(out, chunks)).values():
            for token in answer.outputs:
                row = int(token.request_id)
                if token.new_token_ids:
                    self.first.setdefault(row, rank.now)
                if token.finish_reason is not None:
                    self.done[row] = rank.now
                    self.balancer.done(row)
                    if self.following < len(self.requests):
                        self.sent[self.following] = rank.now
                        self.send(self.following, rank.now)
                        self.following += 1

    def next_event(self):
        if all(rank.state[0] == "stopped" for rank in self.ranks):
            return min((rank.arrivals[0][0] for rank in self.ranks if rank.arrivals), default=INFINITY)
        return min(rank.due for rank in self.ranks)

    def advance(self, now):
        if all(rank.state[0] == "stopped" for rank in self.ranks):
            for rank in self.ranks:
                rank.due = max(rank.now, now)
        for rank in self.ranks:
            if rank.due <= now:
                self.resume(rank, now)
        self.launch()
        self.sync()

    def run(self):
        while len(self.done) < len(self.requests):
            event = self.next_event()
            arrival = self.coming[0][0] if self.coming else INFINITY
            now = min(event, arrival)
            self.balancer.look(now)
            if arrival <= event:
                self.send(self.coming.popleft()[1], now)
            else:
                self.advance(now)
