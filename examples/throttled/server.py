"""A small server that allows few requests per second and sometimes fails: what a job against a real API has to live with.

`server.py start PORT LIMIT` starts it in the background, unless it runs already; `stop PORT` ends it; `serve PORT LIMIT` is the server itself.
"""

import http.server
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request


def serve(port, limit):
    recent, asked = [], {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/health":
                return self.answer(200, {"answered": sum(asked.values())})
            if self.path == "/stop":
                self.answer(200, {})
                raise KeyboardInterrupt
            now = time.monotonic()
            recent[:] = [at for at in recent if now - at < 1]
            if len(recent) >= limit:
                return self.answer(429, {"error": f"more than {limit} requests in a second"}, ("Retry-After", "1"))
            recent.append(now)
            item = self.path.rsplit("/", 1)[-1]
            asked[item] = asked.get(item, 0) + 1
            if item.endswith("3") and asked[item] == 1:
                return self.answer(503, {"error": "busy, try again"})
            self.answer(200, {"item": int(item), "price": int(item) * 7 % 50 + 1})

        def answer(self, status, body, *headers):
            text = json.dumps(body).encode()
            self.send_response(status)
            for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(text))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    try:
        http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
    except KeyboardInterrupt:
        pass


def ask(port, path):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).status == 200
    except (urllib.error.URLError, OSError):
        return False


def start(port, limit):
    if ask(port, "/health"):
        return print("it runs already")
    # A session of its own: it outlives the step that starts it.
    quiet = {name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}
    subprocess.Popen([sys.executable, __file__, "serve", str(port), str(limit)], start_new_session=True, **quiet)
    for _ in range(100):
        if ask(port, "/health"):
            return print(f"it listens on port {port}")
        time.sleep(0.1)
    sys.exit(f"it does not answer on port {port}: is the port taken?")


if __name__ == "__main__":
    what, port = sys.argv[1], int(sys.argv[2])
    if what == "stop":
        ask(port, "/stop")
    else:
        {"start": start, "serve": serve}[what](port, int(sys.argv[3]))
