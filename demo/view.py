"""What the demo shows: one screen, drawn in place; a plain line every few seconds when the output is not
a terminal.  A screen is never larger than the terminal, or its top would scroll away and stay there."""

import re
import shutil
import sys
import textwrap
import time

BAR = 16
NEWS_MIN, NEWS_MAX = 2, 10     # lines of news
PLAIN_EVERY_S = 5
GREEN, YELLOW, RED, DIM, BOLD, OFF = (f"\x1b[{n}m" for n in ("32", "33", "31", "2", "1", "0"))
CODE = re.compile(r"(\x1b\[[0-9;]*m)")


def clock(seconds):
    seconds = int(max(0, seconds))
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return f"{seconds // 60} min {seconds % 60:02d} s"


def bar(share, width=BAR):
    full = int(max(0.0, min(1.0, share)) * width + 0.5)
    return "█" * full + "·" * (width - full)


def clip(line, width):
    """The line without what would stand beyond `width` columns; colours are kept."""
    out, left = "", width
    for piece in CODE.split(line):
        if CODE.fullmatch(piece):
            out += piece
        else:
            out += piece[:left]
            left -= len(piece[:left])
    return out


def terminal_size():
    size = shutil.get_terminal_size((80, 24))
    return max(20, size.columns), max(10, size.lines)


class View:
    def __init__(self, keys_help):
        self.terminal = sys.stdout.isatty()
        self.news, self.keys_help = [], keys_help
        self.drawn, self.size, self.plain_at = 0, None, 0.0

    def say(self, sentence):
        """One sentence that stays on the screen."""
        self.news.append(sentence)
        if not self.terminal:
            print("  * " + sentence, flush=True)

    def draw(self, status, order, clock_s, extra):
        if self.terminal:
            self._screen(status, order, clock_s, extra)
        elif time.monotonic() >= self.plain_at:
            self.plain_at = time.monotonic() + PLAIN_EVERY_S
            print(self.summary_line(status, order, clock_s), flush=True)

    @staticmethod
    def summary_line(status, order, clock_s):
        busy = sum(p["activity"] == "printing" for p in status["printers"])
        return (f"{clock_s:5.1f} s  {order['good']} of {order['units']} good, "
                f"{order['printing']} printing on {busy} printers, {order['printed']} to be counted")

    def lines(self, status, order, clock_s, extra, width, height):
        out = [f"{BOLD}printfarm demo{OFF}  {status['farm']}   {clock_s:4.0f} s   {extra}", "",
               f"order {order['id']}  {order['design']}  {bar(order['good'] / order['units'], 24)}"
               f"  {order['good']} of {order['units']} good, {order['printing']} printing",
               "", f"{DIM}printer   link       bed       what                          nozzle{OFF}"]
        out += [self._printer(printer) for printer in status["printers"]]
        out += [""] + self._news(width, max(NEWS_MIN, min(NEWS_MAX, height - len(out) - 2)))
        out.append(f"{DIM}{self.keys_help}{OFF}")
        return [clip(line, width) for line in out[-height:]]

    def _news(self, width, room):
        """The youngest sentences that fit, whole."""
        out = []
        for sentence in reversed(self.news):
            folded = textwrap.wrap(sentence, width, initial_indent="  ", subsequent_indent="    ")
            if len(out) + len(folded) > room:
                break
            out = folded + out
        return out + [""] * (room - len(out))

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
        return (f"{printer['name']:<9} {colour}{printer['link']:<10}{OFF} {printer['bed']:<9} "
                f"{colour}{what[:29]:<29}{OFF} {nozzle}")

    def _screen(self, status, order, clock_s, extra):
        """In one write: over the last screen, or from the top when the terminal has another size now
        and nobody knows how the old lines lie."""
        size = terminal_size()
        start = f"\x1b[{self.drawn}A\r" if self.drawn else ""
        if self.size not in (None, size):
            start = "\x1b[H\x1b[2J"
        lines = self.lines(status, order, clock_s, extra, size[0] - 1, size[1] - 1)
        sys.stdout.write(start + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        sys.stdout.flush()
        self.drawn, self.size = len(lines), size
