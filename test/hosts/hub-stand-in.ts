/**
 * Run on a host: a hub of one repository, whose files are those of a folder, as far as `hf download` and `hf cache verify`
 * (huggingface_hub 2.4) ask: the list of files, where each is and what it weighs, ranges of it, and its checksum. What
 * `damaged` names is sent with another last byte than its checksum is of.
 */
export const hubStandIn = (of: {
  readonly folder: string;
  readonly token: string;
  readonly port: number;
  readonly damaged?: string;
}): string => `import hashlib, json, os, re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FOLDER, TOKEN, DAMAGED, COMMIT = "${of.folder}", "${of.token}", "${of.damaged ?? ""}", "c0ffee" + "0" * 34
FILES = {name: open(os.path.join(FOLDER, name), "rb").read() for name in sorted(os.listdir(FOLDER))}
LARGE = ".safetensors"


def sums(name):
    data = FILES[name]
    blob = hashlib.sha1(b"blob %d\\0" % len(data) + data).hexdigest()
    return blob, hashlib.sha256(data).hexdigest()


def entry(name):
    blob, sha256 = sums(name)
    large = {"lfs": {"oid": sha256, "size": len(FILES[name]), "pointerSize": 130}} if name.endswith(LARGE) else {}
    return {"type": "file", "path": name, "oid": blob, "size": len(FILES[name]), **large}


class Hub(BaseHTTPRequestHandler):
    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if self.headers.get("Authorization") != "Bearer " + TOKEN:
            return self.answer(401)
        if re.fullmatch(r"/api/models/[^/]+/[^/]+/revision/[^/]+", path):
            siblings = [{"rfilename": name} for name in FILES]
            about = {"id": "/".join(path.split("/")[3:5]), "sha": COMMIT, "siblings": siblings}
            return self.answer(200, json.dumps(about).encode(), Content_Type="application/json")
        if re.match(r"/api/models/[^/]+/[^/]+/tree/", path):
            tree = json.dumps([entry(name) for name in FILES]).encode()
            return self.answer(200, tree, Content_Type="application/json")
        name = path.split("/")[-1]
        if name not in FILES:
            return self.answer(404, X_Error_Code="EntryNotFound")
        data = FILES[name] if name != DAMAGED else FILES[name][:-1] + bytes([FILES[name][-1] ^ 1])
        blob, sha256 = sums(name)
        about = {"X_Repo_Commit": COMMIT, "ETag": '"%s"' % (sha256 if name.endswith(LARGE) else blob)}
        part = re.fullmatch(r"bytes=(\\d+)-(\\d*)", self.headers.get("Range", ""))
        if not part:
            return self.answer(200, data, **about)
        begin, end = int(part[1]), int(part[2] or len(data) - 1)
        about["Content_Range"] = "bytes %d-%d/%d" % (begin, end, len(data))
        self.answer(206, data[begin : end + 1], **about)

    do_HEAD = do_GET
    log_message = lambda *_: None


ThreadingHTTPServer(("127.0.0.1", ${of.port}), Hub).serve_forever()
`;
