# SPDX-License-Identifier: GPL-3.0-or-later
"""Load a page in headless Chromium and tell what a reader would meet: browse.py PAGE WIDTH SCHEME [SCREENSHOT]

Prints a JSON object: the errors of page and console, requests for anything but the page and what is in it,
images that do not render, how many do, and the widths of window and page. SCHEME is light or dark. It talks to
Chromium by the pipe of its debugging protocol. Chromium gets a network namespace of its own, and nothing can
leave that."""
import base64, json, os, pathlib, signal, subprocess, sys, tempfile

page, width, scheme = pathlib.Path(sys.argv[1]).resolve().as_uri(), int(sys.argv[2]), sys.argv[3]
profile = tempfile.TemporaryDirectory(prefix="tare-browse-", ignore_cleanup_errors=True)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
         f"--user-data-dir={profile.name}"]
to_browser, ours = os.pipe(), os.pipe()


def plumb():
    """Chromium reads commands from descriptor 3 and writes answers to 4."""
    ends = os.dup(to_browser[0]), os.dup(ours[1])
    low, high = os.dup2(ends[0], 3), os.dup2(ends[1], 4)
    os.set_inheritable(low, True), os.set_inheritable(high, True)


# A namespace of its own, and with the browser's first process all others end.
browser = subprocess.Popen(["unshare", "--net", "--user", "--map-current-user", "--pid", "--fork", "--kill-child",
                            "chromium", *FLAGS, "about:blank"],
                           preexec_fn=plumb, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
os.close(to_browser[0]), os.close(ours[1])
answers = os.fdopen(ours[0], "rb")
seen = {"errors": [], "requests": [], "broken": [], "images": 0, "window": width, "page": 0}
number, loading = 0, set()
signal.alarm(60)  # a browser that says nothing more


def receive():
    text = bytearray()
    while (byte := answers.read(1)) != b"\0":
        if not byte:
            sys.exit("browse.py: Chromium ended")
        text += byte
    return json.loads(text)


def take(event):
    name, about = event.get("method"), event.get("params", {})
    if name == "Network.requestWillBeSent":
        address = about["request"]["url"]
        if address != page and not address.startswith("data:"):
            seen["requests"].append(address)
    elif name == "Runtime.exceptionThrown":
        seen["errors"].append(about["exceptionDetails"]["text"])
    elif name == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
        seen["errors"].append(json.dumps(about["args"]))
    elif name == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
        seen["errors"].append(about["entry"]["text"])
    return name


def call(method, session=None, **parameters):
    global number
    number += 1
    message = {"id": number, "method": method, "params": parameters}
    if session:
        message["sessionId"] = session
    os.write(to_browser[1], json.dumps(message).encode() + b"\0")
    while (answer := receive()).get("id") != number:
        loading.add(take(answer))
    if "error" in answer:
        sys.exit(f"browse.py: {method}: {answer['error']['message']}")
    return answer["result"]


def evaluate(session, expression):
    return call("Runtime.evaluate", session, expression=expression, awaitPromise=True,
                returnByValue=True)["result"].get("value")


try:
    target = call("Target.createTarget", url="about:blank")["targetId"]
    tab = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Network", "Runtime", "Log"):
        call(domain + ".enable", tab)
    call("Emulation.setDeviceMetricsOverride", tab, width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
    call("Emulation.setEmulatedMedia", tab, features=[{"name": "prefers-color-scheme", "value": scheme}])
    loading.clear()
    call("Page.navigate", tab, url=page)
    while "Page.loadEventFired" not in loading:
        loading.add(take(receive()))
    # An image that is hidden in a closed <details>, or not near yet, is asked to decode, too.
    seen["broken"] = evaluate(tab, """Promise.all([...document.images].map(image =>
        image.decode().then(() => image.naturalWidth > 0 ? null : image.alt, () => image.alt || "?")))
        .then(all => all.filter(alt => alt !== null))""")
    seen["images"] = evaluate(tab, "document.images.length")
    seen["page"] = evaluate(tab, "document.documentElement.scrollWidth")
    seen["dark"] = evaluate(tab, "matchMedia('(prefers-color-scheme: dark)').matches")
    if len(sys.argv) > 4:
        shot = call("Page.captureScreenshot", tab, captureBeyondViewport=True)
        pathlib.Path(sys.argv[4]).write_bytes(base64.b64decode(shot["data"]))
    call("Browser.close")
    browser.wait()
    print(json.dumps(seen))
finally:
    browser.kill()
