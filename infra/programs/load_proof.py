"""Loads the service as the plan says it is loaded, with `vllm bench serve`, and says what was measured.

Open loop, seeded, streaming; what warms the service up is not counted. Reads one job (JSON) from standard input:
  vllm, model, name, base_url, metrics (URLs of the servers' pages), requests ([[prompt tokens, output tokens], ...]),
  request_rate (null: all at once), burstiness, concurrency (null: open loop), seed, warmups, folder
and OPENAI_API_KEY from its environment. Prints one JSON object on its last line.
"""
import concurrent.futures
import json
import os
import random
import re
import subprocess
import sys
import threading
import urllib.request

PREFILL = re.compile(r'^vllm:request_prefill_time_seconds_bucket\{.*le="([^"]+)".*\} (\S+)$', re.M)


def words(tokenizer):
    """Words that stay one token each beside each other: prompts of them have the length that is asked for."""
    found = []
    for token in range(len(tokenizer)):
        text = tokenizer.decode([token])
        if re.fullmatch(r" [A-Za-z]+", text) and tokenizer.encode(text * 2, add_special_tokens=False) == [token, token]:
            found.append(text)
    return found or [" a"]


def write_requests(job, path):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    special = len(tokenizer.encode(""))
    vocabulary = words(tokenizer)
    chance = random.Random(job["seed"])
    with open(path, "w", encoding="utf8") as file:
        for prompt, output in job["requests"]:
            text = "".join(chance.choice(vocabulary) for _ in range(max(1, prompt - special)))
            file.write(json.dumps({"prompt": text, "output_tokens": output}) + "\n")


def warm_up(job):
    body = {"model": job["name"], "prompt": "Hello", "max_tokens": 8, "ignore_eos": True}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}

    def ask(_):
        request = urllib.request.Request(job["base_url"] + "/v1/completions", json.dumps(body).encode(), headers)
        urllib.request.urlopen(request, timeout=300).read()

    with concurrent.futures.ThreadPoolExecutor(job["warmups"]) as pool:
        list(pool.map(ask, range(job["warmups"])))


def prefill_counts(job):
    """Requests by upper edge of their prefill time in seconds, over all servers."""
    counts = {}
    for url in job["metrics"]:
        page = urllib.request.urlopen(url, timeout=30).read().decode()
        for edge, count in PREFILL.findall(page):
            counts[float(edge)] = counts.get(float(edge), 0) + float(count)
    return counts


def prefill_range(before, after, requests, share):
    """Edges (ms) between which the percentile lies. The questions of gateway and watchdog are the quickest of all, so
    what there is more than requests counts below them."""
    edges = sorted(after)
    counted = {edge: after[edge] - before.get(edge, 0) for edge in edges}
    total = counted[edges[-1]] if edges else 0
    if total < requests:
        return None
    wanted = total - requests + share * requests
    low = 0.0
    for edge in edges:
        if counted[edge] >= wanted:
            return [low * 1000, None if edge == float("inf") else edge * 1000]
        low = edge
    return None


class HostLoad:
    """How many processes want a core at once, on average, while this is open; the service's own count, too."""

    def __enter__(self):
        self.counts, self.ends = [], threading.Event()
        self.thread = threading.Thread(target=self.count)
        self.thread.start()
        return self

    def count(self):
        while not self.ends.wait(1):
            with open("/proc/loadavg", encoding="utf8") as file:
                # The one that asks runs, too.
                self.counts.append(int(file.read().split()[3].split("/")[0]) - 1)

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()

    def read(self):
        wanted = sum(self.counts) / len(self.counts) if self.counts else 0
        return {"wantedCores": round(wanted, 1), "cores": len(os.sched_getaffinity(0))}


def bench(job, requests):
    result = os.path.join(job["folder"], "bench.json")
    if os.path.exists(result):
        os.remove(result)
    rate = "inf" if job["request_rate"] is None else str(job["request_rate"])
    command = [
        *[job["vllm"], "bench", "serve", "--backend", "openai", "--base-url", job["base_url"]],
        *["--endpoint", "/v1/completions", "--model", job["model"], "--served-model-name", job["name"]],
        *["--dataset-name", "custom", "--dataset-path", requests, "--custom-output-len", "-1"],
        *["--skip-chat-template", "--disable-shuffle", "--ignore-eos", "--num-warmups", "0"],
        *["--num-prompts", str(len(job["requests"])), "--seed", str(job["seed"])],
        *["--request-rate", rate, "--burstiness", str(job["burstiness"])],
        *([] if job["concurrency"] is None else ["--max-concurrency", str(job["concurrency"])]),
        *["--percentile-metrics", "ttft,itl", "--metric-percentiles", "50,99"],
        *["--save-result", "--result-dir", job["folder"], "--result-filename", "bench.json"],
    ]
    subprocess.run(command, check=True, stdout=sys.stderr, stdin=subprocess.DEVNULL)
    with open(result, encoding="utf8") as file:
        return json.load(file)


def main():
    job = json.load(sys.stdin)
    requests = os.path.join(job["folder"], "requests.jsonl")
    write_requests(job, requests)
    warm_up(job)
    before = prefill_counts(job)
    with HostLoad() as load:
        seen = bench(job, requests)
    after = prefill_counts(job)
    prefill = {name: prefill_range(before, after, seen["completed"], share) for name, share in (("p50", 0.5), ("p99", 0.99))}
    result = {
        "completed": seen["completed"],
        "failed": len(job["requests"]) - seen["completed"],
        "seconds": seen["duration"],
        "outputTokensPerSecond": seen["output_throughput"],
        "promptTokens": seen["total_input_tokens"],
        "firstToken": {"p50": seen["p50_ttft_ms"], "p99": seen["p99_ttft_ms"]},
        "decode": {"p50": seen["p50_itl_ms"], "p99": seen["p99_itl_ms"]},
        "prefill": prefill,
        "host": load.read(),
    }
    with open(os.path.join(job["folder"], "load-proof.json"), "w", encoding="utf8") as file:
        json.dump(result, file)
    print(json.dumps(result))


main()
