# SPDX-License-Identifier: Apache-2.0
"""The dashboard in a real browser: a web server for the page as it is built, and Chromium looking at it."""

import functools
import http.server
import json
import shutil
import threading

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from harness import BUILD, SOURCE, Broker, free_port, wait_for

DESKTOP = (1280, 800)


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
    """A broker that also speaks MQTT over WebSockets; with `users`, by password only."""

    def __init__(self, folder, websocket_port=None, port=None, more=""):
        super().__init__(folder, port)
        self.websocket_port = websocket_port or free_port()
        with open(self.conf, "a") as conf:
            conf.write(f"listener {self.websocket_port} 127.0.0.1\nprotocol websockets\n"
                       f"max_queued_messages 10000\n{more}")


class Browser:
    """Chromium without a screen. What it finds on the page it gives as text."""

    def __init__(self, folder, size=DESKTOP, dark=False):
        options = webdriver.ChromeOptions()
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
        wait_for(lambda: words in self.text(selector), f"“{words}” in {selector}")

    def wait_live(self):
        wait_for(lambda: self.script("return document.documentElement.dataset.connection") == "live",
                 "the page to be connected")

    def card(self, station):
        """The text of a station's card on the overview."""
        return next((words for words in self.texts(".card") if words.split("\n")[0] == station), "")

    def press(self, key, times=1):
        """A key as the keyboard gives it."""
        from selenium.webdriver.common.action_chains import ActionChains
        for _ in range(times):
            ActionChains(self.driver).send_keys(key).perform()

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
