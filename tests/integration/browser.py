# SPDX-License-Identifier: Apache-2.0
"""The dashboard in a real browser: a web server for the page as it is built, and Chromium looking at it."""

import functools
import http.server
import json
import shutil
import socket
import subprocess
import threading

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from harness import BUILD, SOURCE, Broker, free_port, wait_for

DESKTOP = (1440, 900)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Site:
    """The page as it is installed, with a config.json for a broker's WebSocket port."""

    def __init__(self, folder, websocket_port, **config):
        self.folder = folder / "site"
        shutil.copytree(SOURCE / "dashboard", self.folder, ignore=shutil.ignore_patterns("vendor", "tests", "node_modules"))
        shutil.copytree(BUILD / "dashboard/vendor", self.folder / "vendor", ignore=shutil.ignore_patterns("*.p"))
        config = {"broker": f"ws://127.0.0.1:{websocket_port}", "clinic": "clinic", "title": "Example clinic", **config}
        (self.folder / "config.json").write_text(json.dumps(config))
        handler = functools.partial(QuietHandler, directory=str(self.folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/index.html"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class WebBroker(Broker):
    """A broker that also speaks MQTT over WebSockets; with `users`, by password and the example's access list."""

    def __init__(self, folder, users=None):
        super().__init__(folder)
        self.websocket_port = free_port()
        lines = [f"listener {self.websocket_port} 127.0.0.1", "protocol websockets", "max_queued_messages 10000"]
        if users:
            passwords = folder / "passwd"
            passwords.touch(mode=0o600)
            for user, password in users.items():
                subprocess.run(["mosquitto_passwd", "-b", passwords, user, password], check=True, stderr=subprocess.DEVNULL)
            acl = folder / "acl"
            shutil.copy(SOURCE / "configs/mosquitto-example.acl", acl)
            for file in (passwords, acl):
                file.chmod(0o644)
            self.conf.write_text(self.conf.read_text().replace("allow_anonymous true", "allow_anonymous false"))
            lines += [f"password_file {passwords}", f"acl_file {acl}", "user root"]
        with open(self.conf, "a") as conf:
            conf.write("\n".join(lines) + "\n")

    def listening(self):
        return super().listening() and answers(self.websocket_port)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def hang_up(end):
    """Closing alone would not be noticed while a thread reads from it."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()


class Cable:
    """What lies between the page and the broker: it can be cut and mended."""

    def __init__(self, to_port):
        self.to_port, self.ends, self.whole = to_port, [], True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if not self.whole:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.to_port))
            self.ends += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    @staticmethod
    def _carry(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        hang_up(source)
        hang_up(target)

    def cut(self):
        self.whole = False
        for end in self.ends:
            hang_up(end)
        self.ends = []

    def mend(self):
        self.whole = True

    def close(self):
        self.cut()
        self.listener.close()


class Browser:
    """Chromium without a screen. What it finds on the page it gives as text."""

    def __init__(self, folder, size=DESKTOP, dark=False, own_authority=False):
        """own_authority: the site's certificate is of an authority that no browser knows."""
        options = webdriver.ChromeOptions()
        options.set_capability("acceptInsecureCerts", own_authority)
        options.binary_location = shutil.which("chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--no-first-run", "--disable-background-networking", "--force-device-scale-factor=1",
                         "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.resize(size)
        self.scheme("dark" if dark else "light")

    def resize(self, size):
        """The inside of the window, whatever a window around it may allow."""
        width, height = size
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def scheme(self, name):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": name}]})

    def open(self, url):
        self.driver.get(url)

    def script(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def text(self, selector="body"):
        """What a person can read there; "" when there is no such element."""
        return self.script("const e = document.querySelector(arguments[0]); return e ? e.innerText : ''", selector)

    def texts(self, selector):
        return self.script("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", selector)

    def wait_text(self, selector, words):
        try:
            wait_for(lambda: words in self.text(selector), "a text")
        except AssertionError:
            raise AssertionError(f"{words!r} is not in {selector}: {self.text(selector)!r}") from None

    def wait_live(self):
        wait_for(lambda: self.script("return document.documentElement.dataset.connection") == "live",
                 "the page to be connected")

    def card(self, station):
        """The text of a station's card on the overview."""
        return next((words for words in self.texts(".card") if words.split("\n")[0] == station), "")

    def wait_card(self, station, *words):
        try:
            wait_for(lambda: all(word in self.card(station) for word in words), "a card")
        except AssertionError:
            raise AssertionError(f"{words} are not all on the card of {station}: {self.card(station)!r}") from None

    def press(self, *keys):
        """Keys as the keyboard gives them, one after the other."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def press_back(self):
        ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()

    def axe(self):
        """What axe-core finds: (rule, element) of each."""
        source = (BUILD / "dashboard/vendor/axe.js").read_text()
        code = """axe.run(document, {resultTypes: ["violations"]}).then((result) => result.violations.flatMap(
            (violation) => violation.nodes.map((node) => [violation.id, node.html.slice(0, 200), node.failureSummary])))"""
        answer = self.driver.execute_cdp_cmd("Runtime.evaluate", {
            "expression": f"{source};\n{code}",
            "awaitPromise": True, "returnByValue": True})
        assert "exceptionDetails" not in answer, answer
        return answer["result"]["value"]

    def drawn(self, selector):
        """For each canvas whether there is anything in the colour of its line."""
        return self.script("""return [...document.querySelectorAll(arguments[0])].map((canvas) => {
            const accent = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
            const wanted = [1, 3, 5].map((at) => parseInt(accent.slice(at, at + 2), 16));
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            for (let i = 0; i < data.length; i += 4)
                if (wanted.every((value, j) => Math.abs(data[i + j] - value) < 3) && data[i + 3] > 200)
                    return true;
            return false;
        });""", selector)

    def focused(self):
        return self.script("return document.activeElement.innerText || document.activeElement.id")

    def complaints(self):
        """Errors of scripts and violations of the page's policy; a connection that fails is not one."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and "WebSocket connection" not in entry["message"]]

    def overflow(self):
        """Elements that reach beyond the page's width, and by how much the page is too wide."""
        return self.script("""
            const width = document.documentElement.clientWidth;
            const scrolled = (e) => { for (; e; e = e.parentElement) if (["auto", "hidden"].includes(getComputedStyle(e).overflowX)) return true; return false; };
            const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1
                && !scrolled(e.parentElement) && !e.closest(".unseen, svg")).map((e) => e.tagName + "." + e.className);
            return document.documentElement.scrollWidth > width ? [...wide, `page: ${document.documentElement.scrollWidth}`] : wide;""")

    def screenshot(self, path):
        self.driver.save_screenshot(str(path))

    def close(self):
        self.driver.quit()
