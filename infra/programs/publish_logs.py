"""Tells CloudWatch what shardplan's units on this host have said since the last time: reads, sends and ends.

Reads one job (JSON) from the file that it is given: region, group, stream, days (of retention). Where it has come to in the
journal is in the folder STATE_DIRECTORY, and moves only after CloudWatch has taken what stands before. What is sent goes to the
AWS tool in a file beside it, since arguments can be seen; the tool finds the credentials of the machine's role by itself.
"""
import contextlib
import json
import os
import re
import subprocess
import sys
import time

# The API's limits of a batch; each event counts with so many bytes more.
BATCH_BYTES, BATCH_EVENTS, EVENT_BYTES, BATCH_MS = 1_048_576, 10_000, 26, 24 * 3_600_000
# CloudWatch takes nothing older, nor what its retention would delete.
OLDEST_DAYS, DAY_MS = 14, 24 * 3_600_000
# What is paid for in a minute of the journal.
MINUTE_BYTES = 1_000_000
# Together below the limit of the unit: a batch that begins in time has three calls at most.
BEGIN_SECONDS, TOOL_SECONDS, CONNECT_SECONDS, READ_SECONDS = 15, 30, 5, 12

# What names requests or those who ask: uvicorn's and HAProxy's lines of each, clients' addresses, vLLM's dump of what it computed.
UNSENT = re.compile(
    r'- "[A-Z]+ \S+ HTTP/[0-9.]+"|^id=\S* client=|^\S+:[0-9]+ \[[0-9]{2}/[A-Z]'
    r"|Dumping scheduler output|SchedulerOutput\(|NewRequestData\(|SamplingParams\(|Received request|Generated response"
)
CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class Lines:
    """Lines of the journal that are sent, as pairs of time (ms) and text."""

    def __init__(self, oldest):
        self.oldest = oldest
        self.broken = set()
        self.minute, self.bytes = None, 0

    def of(self, entry):
        """What an entry brings: nothing, its line, or that no more of its minute is sent."""
        unit = entry.get("_SYSTEMD_UNIT", "")
        unit = entry.get("UNIT", "") if unit == "init.scope" else unit
        at = int(entry["__REALTIME_TIMESTAMP"]) // 1000
        if not isinstance(unit, str) or not unit.startswith("shardplan-") or at < self.oldest:
            return None
        message = text_of(entry.get("MESSAGE"))
        if self.is_rest(entry) or message == "" or UNSENT.search(message):
            return None
        text = f"{unit.removesuffix('.service')}: {message}"
        if at // 60_000 != self.minute:
            self.minute, self.bytes = at // 60_000, 0
        before, self.bytes = self.bytes, self.bytes + size_of(text)
        if self.bytes <= MINUTE_BYTES:
            return at, text
        # Nothing else of this minute fits any more.
        self.bytes = MINUTE_BYTES + 1
        cut = f"shardplan: more than {MINUTE_BYTES // 1_000_000} MB came in this minute; the rest of it is in the host's journal only"
        return (at, cut) if before <= MINUTE_BYTES else None

    def is_rest(self, entry):
        """Whether an entry goes on with a line that journald has broken, because it is very long."""
        stream = entry.get("_STREAM_ID")
        is_rest = stream in self.broken
        if entry.get("_LINE_BREAK") == "line-max":
            self.broken.add(stream)
        else:
            self.broken.discard(stream)
        return is_rest


def text_of(message):
    """journalctl gives text with control characters, as of colours, as a list of bytes."""
    if isinstance(message, list):
        if not all(isinstance(byte, int) for byte in message):
            return ""
        message = bytes(message).decode("utf8", "replace")
    return CONTROL.sub("", message or "").rstrip()


def size_of(text):
    return len(text.encode("utf8")) + EVENT_BYTES


def batches(entries, lines, first):
    """What one call takes each, with the place in the journal behind it."""
    batch, size, cursor = first, sum(size_of(text) for _, text in first), None
    for entry in entries:
        line = lines.of(entry)
        if line is not None:
            times = [line[0], *(at for at, _ in (batch[:1] + batch[-1:]))]
            is_full = size + size_of(line[1]) > BATCH_BYTES or len(batch) == BATCH_EVENTS
            if batch and (is_full or max(times) - min(times) >= BATCH_MS):
                yield batch, cursor
                batch, size = [], 0
            batch.append(line)
            size += size_of(line[1])
        cursor = entry["__CURSOR"]
    yield batch, cursor


def journal(cursor):
    """The entries behind a place in the journal; the last hour's where there is none."""
    fields = "--output-fields=MESSAGE,UNIT,_SYSTEMD_UNIT,_STREAM_ID,_LINE_BREAK"
    start = "--since=-1h" if cursor is None else f"--after-cursor={cursor}"
    command = ["journalctl", "--quiet", "--no-pager", "--all", "--output=json", fields, start]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            for line in process.stdout:
                yield json.loads(line)
        except GeneratorExit:
            process.kill()
            raise
        words = " ".join(process.stderr.read().decode("utf8", "replace").split())
        if process.wait() != 0:
            raise SystemExit(f"the journal cannot be read: {words[:300]}")


def ask(job, action, **fields):
    # No pipe: the tool reads it twice.
    path = os.path.join(os.environ["STATE_DIRECTORY"], "call.json")
    with open(path, "w", encoding="utf8") as file:
        json.dump({"logGroupName": job["group"], "logStreamName": job["stream"], **fields}, file)
    command = ["aws", "logs", action, "--region", job["region"], "--cli-input-json", f"file://{path}", "--output", "json"]
    limits = ["--cli-connect-timeout", str(CONNECT_SECONDS), "--cli-read-timeout", str(READ_SECONDS)]
    try:
        return subprocess.run(
            [*command, *limits],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TOOL_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise SystemExit("CloudWatch took no logs: there is no AWS tool (aws) on PATH") from None
    except subprocess.TimeoutExpired:
        raise SystemExit(f"CloudWatch took no logs: the AWS tool did not end in {TOOL_SECONDS} s") from None
    finally:
        os.unlink(path)


def send(job, batch):
    events = [{"timestamp": at, "message": text} for at, text in sorted(batch, key=lambda line: line[0])]
    done = ask(job, "put-log-events", logEvents=events)
    if done.returncode != 0 and "ResourceNotFoundException" in done.stderr:
        made = ask(job, "create-log-stream")
        done = ask(job, "put-log-events", logEvents=events) if made.returncode == 0 else made
    if done.returncode != 0:
        raise SystemExit(f"CloudWatch took no logs: {' '.join(done.stderr.split())[:300]}")
    if "rejectedLogEventsInfo" in done.stdout:
        print("CloudWatch took only a part of the logs: the clock of this host is wrong, or the retention was shortened")


def main(path):
    began = time.monotonic()
    with open(path, encoding="utf8") as file:
        job = json.load(file)
    place = os.path.join(os.environ["STATE_DIRECTORY"], "cursor")
    cursor, first = None, []
    try:
        with open(place, encoding="utf8") as file:
            cursor = file.read()
    except FileNotFoundError:
        first = [(int(time.time() * 1000), "shardplan: from here on, what the units of this host say is sent each minute")]
    # An hour less, so that none grows too old on its way.
    oldest = time.time() * 1000 - min(OLDEST_DAYS, job["days"]) * DAY_MS + 3_600_000
    with contextlib.closing(journal(cursor)) as entries:
        for batch, cursor in batches(entries, Lines(oldest), first):
            if batch:
                send(job, batch)
            if cursor is not None:
                with open(f"{place}.new", "w", encoding="utf8") as file:
                    file.write(cursor)
                os.replace(f"{place}.new", place)
            # The next minute goes on from here.
            if time.monotonic() - began > BEGIN_SECONDS:
                return


main(sys.argv[1])
