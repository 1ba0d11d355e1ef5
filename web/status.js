"use strict";
/* Asks for the status twice a second, with the tag of the last one, and draws what has changed.
 * Everything shown is text from files, firmware and people: it only ever becomes text nodes. */
(function () {
	var tag = null, lost = 0, drawn = { needs: {}, tonight: {}, orders: {}, printers: {} };

	/* A state is told by word, sign and filling, never by colour alone. */
	var moods = {
		locked: { sign: "✖", className: "bad" },
		look: { sign: "?", className: "bad" },
		attention: { sign: "!", className: "bad" },
		offline: { sign: "○", className: "person" },
		clear: { sign: "▲", className: "person" },
		confirm: { sign: "▲", className: "person" },
		paused: { sign: "‖", className: "person" },
		busy: { sign: "▶", className: "busy" },
		ready: { sign: "✓", className: "ready" },
		wait: { sign: "…", className: "wait" }
	};

	function element(name, className, text) {
		var made = document.createElement(name);
		if (className) made.className = className;
		if (text !== undefined) made.textContent = text;
		return made;
	}

	function duration(seconds) {
		if (seconds === null || seconds < 0) return "";
		var h = Math.floor(seconds / 3600), m = Math.floor(seconds % 3600 / 60);
		return h ? h + " h " + m + " min" : m ? m + " min" : Math.floor(seconds) + " s";
	}

	function moment(iso) {
		return iso ? iso.slice(0, 10) + " " + iso.slice(11, 16) : "";
	}

	function words(text) {
		return text.replace(/_/g, " ");
	}

	function join(parts, between) {
		return parts.filter(function (part) { return part; }).join(between);
	}

	function badge(mood, text) {
		var made = element("span", "badge " + moods[mood].className), sign = element("span", "sign");
		sign.textContent = moods[mood].sign;
		sign.setAttribute("aria-hidden", "true");
		made.append(sign, text);
		return made;
	}

	function bar(label, parts) {
		var made = element("div", "bar"), total = 0;
		parts.forEach(function (part) {
			var span = element("span", part[0]), share = Math.max(0, Math.min(1 - total, part[1] || 0));
			total += share;
			span.style.width = 100 * share + "%";
			made.append(span);
		});
		made.setAttribute("role", "img");
		made.setAttribute("aria-label", label);
		return made;
	}

	/* The worst comes first: a lock, then what a person has to do, then what time will do. */
	function state(p, look) {
		if (p.lock) return ["locked", "locked"];
		if (look) return ["look", "needs a look"];
		if (p.quarantine && p.activity === "idle") return ["attention", "in quarantine"];
		if (p.activity === "needs_attention") return ["attention", "needs attention"];
		if (p.link === "offline") return ["offline", "offline"];
		if (p.link !== "online") return ["wait", p.link];
		if (p.activity === "paused") return ["paused", "paused"];
		if (p.activity === "printing") return ["busy", "printing"];
		if (p.activity !== "idle") return ["wait", words(p.activity)];
		if (p.bed === "occupied") return ["clear", "bed to clear"];
		if (p.bed !== "empty") return ["clear", "bed to check"];
		if (p.wants_confirmation) return ["confirm", "start to confirm"];
		if (p.starts_in_s !== null) return ["wait", "starts in " + duration(p.starts_in_s)];
		return p.ready ? ["ready", "ready"] : ["wait", p.enabled ? "not ready" : "disabled"];
	}

	function heat(p) {
		if (p.heat === "unknown" || !p.heaters.length) return "not known";
		return p.heaters.map(function (h) {
			return h.name + "\u00a0" + Math.round(h.celsius) +
				(h.target_celsius ? "/" + Math.round(h.target_celsius) : "") + "\u00a0°C";
		}).join(", ");
	}

	/* Pairs of a word and what is to be said about it; a pair that says nothing is left out. */
	function facts(pairs) {
		var list = element("dl");
		pairs.forEach(function (pair) {
			if (pair[1]) list.append(element("dt", "", pair[0]), element("dd", "", pair[1]));
		});
		return list;
	}

	/* One element a printer and file, which moves from card to card: a new one would be fetched each
	 * time.  A click shows the layer under way, looked up again now and then, and another one the
	 * plate.  A file without a picture (nothing printed, or too many wait) goes without. */
	var plates = {}, LAYER_MS = 10000;

	function look(known, commands) {
		var path = "/api/v1/files/" + encodeURIComponent(known.file) + "/preview";
		known.asked = Date.now();
		known.made.src = known.layer ? path + "?command=" + commands : path;
	}

	function picture(p) {
		var known = plates[p.name];
		if (!known || known.file !== p.file) {
			known = plates[p.name] = { file: p.file, made: element("img", "plate"), layer: false };
			known.made.alt = "";
			known.made.title = "plate or layer";
			known.made.addEventListener("error", function () { known.made.hidden = true; });
			known.made.addEventListener("click", function () {
				known.layer = !known.layer;
				look(known, known.commands);
			});
			look(known, p.commands_done);
		}
		known.commands = p.commands_done;
		if (known.layer && Date.now() - known.asked > LAYER_MS) look(known, p.commands_done);
		return known.made;
	}

	function printer(p) {
		var now = state(p, p.look), mood = moods[now[0]].className;
		var card = element("article", "card " + mood), head = element("div", "head");
		head.append(element("h3", "", p.name), badge(now[0], now[1]));
		card.append(head);
		if (p.progress !== null) {
			var percent = Math.floor(100 * p.progress) + " %";
			if (p.file) card.append(picture(p));
			card.append(bar(percent + " printed", [["printing", p.progress]]));
			card.append(element("p", "", join(["job " + p.job, percent,
				p.layer ? "layer " + p.layer + " of " + p.layers : "",
				p.eta_s === null ? "" : duration(p.eta_s) + " left"], ", ")));
		}
		card.append(facts([["heat", heat(p)], ["bed", p.bed],
			["loaded", join([p.material, p.color], " ")]]));
		var why = mood === "busy" || mood === "ready" ? "" :
			p.lock ? p.lock.text : p.not_ready[0] || p.reason;
		if (why) card.append(element("p", "why", why));
		return card;
	}

	function order(o) {
		var card = element("article", "card " + (o.late ? "bad" : o.printing ? "busy" : "wait"));
		var head = element("div", "head");
		head.append(element("h3", "", o.design));
		if (o.late) head.append(badge("attention", "late"));
		else if (o.at_risk) head.append(badge("attention", "may be late"));
		else if (o.state === "held") head.append(badge("paused", "held"));
		card.append(head);
		card.append(bar(o.good + " of " + o.units + " good", [["done", o.good / o.units],
			["printed", o.printed / o.units], ["printing", o.printing / o.units]]));
		card.append(element("p", "strong", o.good + " of " + o.units + " good"));
		card.append(element("p", "", join([o.printing ? o.printing + " printing" : "",
			o.printed ? o.printed + " to be counted" : "", o.left ? o.left + " left" : "",
			o.scrap ? o.scrap + " scrap" : ""], ", ")));
		card.append(facts([["order", String(o.id)], ["done", moment(o.promised_at) ||
			"cannot be said; printfarm why order " + o.id + " says why"],
			["due", moment(o.due_at)]]));
		return card;
	}

	function names(list) {
		return list.map(function (p) { return p.name; }).join(", ");
	}

	/* What a person has to do: jobs and locks one by one, beds and lost printers in one line each. */
	function needs(status) {
		var list = [], of = function (mood) {
			return status.printers.filter(function (p) { return state(p, p.look)[0] === mood; });
		};
		of("locked").forEach(function (p) {
			list.push({ mood: "locked", what: p.name + " is locked", why: p.lock.text });
		});
		status.needs_person.forEach(function (j) {
			list.push({ mood: j.state === "failed" ? "attention" : "look", why: j.reason,
				what: "job " + j.id + " " + (j.state === "failed" ? "failed" : "needs a look") +
					" (" + join([j.design, j.printer], " on ") + ")" });
		});
		of("attention").forEach(function (p) {
			list.push(p.quarantine ?
				{ mood: "attention", what: p.name + " is in quarantine", why: p.quarantine.text } :
				{ mood: "attention", what: p.name + " needs attention", why: p.reason });
		});
		/* A machine that waits for a person's word has work only while jobs wait. */
		[["offline", "offline"], ["clear", "beds to clear"], ["confirm", "starts to confirm at the machine"],
			["paused", "paused"]].forEach(function (row) {
			var some = of(row[0]);
			if (some.length && (row[0] !== "confirm" || status.jobs.queued + status.jobs.assigned)) list.push({ mood: row[0], what: row[1], why: names(some) });
		});
		return list;
	}

	function need(n) {
		var row = element("li", moods[n.mood].className);
		row.append(badge(n.mood, n.what));
		if (n.why) row.append(element("span", "reason", n.why));
		return row;
	}

	/* What has not changed keeps its node, so that a selection in it stays. */
	function fill(id, items, make, nothing) {
		var before = drawn[id], after = {}, nodes = items.map(function (item, i) {
			var text = JSON.stringify(item), key = i + " " + text;
			after[key] = before[key] || make(item);
			return after[key];
		}), place = document.getElementById(id);
		if (!nodes.length) nodes.push(element("p", "empty", nothing));
		drawn[id] = after;
		nodes.forEach(function (node, i) {
			if (place.childNodes[i] === node) return;
			if (i < place.childNodes.length) place.replaceChild(node, place.childNodes[i]);
			else place.append(node);
		});
		while (place.childNodes.length > nodes.length) place.lastChild.remove();
	}

	function summary(status) {
		var jobs = status.jobs;
		if (status.ledger.broken)
			return "The ledger cannot be written: nothing is started. " + status.ledger.reason;
		return join([jobs.printing + " printing", jobs.printed + " to be counted", jobs.queued + " waiting",
			status.promises.made ? "promises kept: " + Math.round(100 * status.promises.kept / status.promises.made) +
				" % of " + status.promises.made : "",
			status.accepting ? "" : "no room on the disk for new files"], ", ");
	}

	function draw(status) {
		var place = document.getElementById("summary"), looks = {};
		status.needs_person.forEach(function (j) {
			if (j.printer && j.state === "needs_look") looks[j.printer] = true;
		});
		status.printers.forEach(function (p) {
			p.look = p.link === "online" && p.activity === "idle" && looks[p.name] === true;
			/* Its age counts on by itself and is not shown. */
			delete p.heaters_age_s;
		});
		document.title = status.farm + " – printfarm";
		document.getElementById("farm").textContent = status.farm;
		place.className = status.ledger.broken || !status.accepting ? "trouble" : "";
		place.textContent = summary(status);
		var wanted = needs(status);
		document.getElementById("needs-section").hidden = !wanted.length;
		fill("needs", wanted, need, "");
		fill("orders", status.orders, order, "no open orders");
		var more = document.getElementById("orders-left-off");
		more.hidden = !status.orders_left_off;
		more.textContent = "and " + status.orders_left_off + " more";
		fill("printers", status.printers, printer, "no printers are configured");
	}

	function show(answer) {
		if (answer.status !== 304 && !answer.ok) throw new Error("status " + answer.status);
		lost = 0;
		document.body.classList.remove("old");
		if (answer.status === 304) return;
		return answer.json().then(function (status) {
			draw(status);
			tag = answer.headers.get("ETag");
		});
	}

	/* Something to do before everybody leaves, and the units that would be missing in the morning. */
	function act(a) {
		var mood = a.kind === "clear" ? "clear" : a.kind === "unlock" ? "locked" : "attention";
		var row = element("li", moods[mood].className);
		row.append(badge(mood, (a.from_at ? "from " + a.from_at.slice(11, 16) : "now") + ", gains " + a.units));
		row.append(element("span", "reason", a.text));
		return row;
	}

	function tonight(night) {
		var left_s = night.closes ? night.closes_s - Date.now() / 1000 : -1;
		var acts = left_s > 0 && left_s < 3 * 3600 ? night.acts : [];
		document.getElementById("tonight-section").hidden = !acts.length;
		document.getElementById("tonight-title").textContent = "Before you leave at " + moment(night.closes_at);
		fill("tonight", acts, act, "");
	}

	function askTonight() {
		fetch("/api/v1/plan/night", { cache: "no-store" })
			.then(function (answer) { return answer.ok ? answer.json().then(tonight) : null; })
			.catch(function () {})
			.finally(function () { setTimeout(askTonight, 300000); });
	}

	function trouble() {
		var place = document.getElementById("summary");
		tag = null;
		if (++lost < 3) return;
		document.body.classList.add("old");
		place.className = "trouble";
		place.textContent = "printfarmd does not answer: what is shown is old";
	}

	function ask() {
		fetch("/api/v1/status", { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" })
			.then(show).catch(trouble)
			.finally(function () { setTimeout(ask, document.hidden ? 5000 : 500); });
	}

	var first = JSON.parse(document.getElementById("first").textContent);
	if (first) draw(first);
	ask();
	askTonight();
})();
