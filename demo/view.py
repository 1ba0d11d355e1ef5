"""What the demo shows: one screen, drawn again twice a second; a plain line every few seconds when the
output is not a terminal."""

import shutil
import sys
import time

BAR = 16
NEWS_MAX = 6
PLAIN_EVERY_S = 5
GREEN, YELLOW, RED, DIM, BOLD, OFF = (f"\x1b[{n}m" for n in ("32", "33", "31", "2", "1", "0"))


def clock(seconds):
    seconds = int(max(0, seconds))
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return f"{seconds // 60} min {seconds % 60:02d} s"


def bar(share, width=BAR):
    full = int(max(0.0, min(1.0, share)) * width + 0.5)
    return "█" * full + "·" * (width - full)


class View:
    def __init__(self, keys_help):
        self.terminal = sys.stdout.isatty()
        self.news, self.keys_help = [], keys_help
        self.drawn, self.plain_at = 0, 0.0

    def say(self, sentence):
        """One sentence that stays on the screen."""
        self.news.append(sentence)
        if not self.terminal:
            print("  * " + sentence, flush=True)

    def draw(self, status, clock_s, extra):
        if self.terminal:
            self._screen(self.lines(status, clock_s, extra, self._width()))
        elif time.monotonic() >= self.plain_at:
            self.plain_at = time.monotonic() + PLAIN_EVERY_S
            print(self.summary_line(status, clock_s), flush=True)

    @staticmethod
    def _width():
        return max(60, min(100, shutil.get_terminal_size((80, 24)).columns))

    @staticmethod
    def summary_line(status, clock_s):
        order = status["orders"][0] if status["orders"] else None
        busy = sum(p["activity"] == "printing" for p in status["printers"])
        if order is None:
            return f"{clock_s:5.1f} s  order complete"
        return (f"{clock_s:5.1f} s  {order['good']} of {order['units']} good, "
                f"{order['printing']} printing on {busy} printers, {order['printed']} to be counted")

    def lines(self, status, clock_s, extra, width):
        out = [f"{BOLD}printfarm demo{OFF}  {status['farm']}   {clock_s:4.0f} s   {extra}", ""]
        for order in status["orders"]:
            out.append(f"order {order['id']}  {order['design']}  {bar(order['good'] / order['units'], 24)}"
                       f"  {order['good']} of {order['units']} good, {order['printing']} printing")
        out += ["", f"{DIM}printer   link     bed       what                          nozzle{OFF}"]
        out += [self._printer(printer) for printer in status["printers"]]
        out += [""] + [f"  {sentence}"[:width] for sentence in self.news[-NEWS_MAX:]]
        out += [""] * (NEWS_MAX - min(NEWS_MAX, len(self.news))) + [f"{DIM}{self.keys_help}{OFF}"]
        return out

    @staticmethod
    def _printer(printer):
        colour = {"online": "", "connecting": YELLOW, "offline": RED}[printer["link"]]
        what = printer["activity"].replace("_", " ")
        if printer["lock"]:
            colour, what = RED, f"locked: {printer['lock']['fault']}"
        elif printer["progress"] is not None and printer["activity"] == "printing":
            what = f"{bar(printer['progress'])} {printer['progress'] * 100:4.0f} %"
            colour = colour or GREEN
        nozzle = next((f"{h['celsius']:5.0f} °C" for h in printer["heaters"] if h["name"] == "T"), "")
        return (f"{printer['name']:<9} {colour}{printer['link']:<8}{OFF} {printer['bed']:<9} "
                f"{colour}{what:<29}{OFF} {nozzle}")

    def _screen(self, lines):
        up = f"\x1b[{self.drawn}A" if self.drawn else ""
        sys.stdout.write(up + "".join(f"\x1b[2K{line}\n" for line in lines))
        sys.stdout.flush()
        self.drawn = len(lines)
