"use strict";
/* Asks for the status twice a second, with the tag of the last one, and draws what has changed.
 * Everything shown is text from files, firmware and people: it only ever becomes text nodes. */
(function () {
	var tag = null, lost = 0;

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

	function part(className, share) {
		var span = element("span", className);
		span.style.width = 100 * Math.max(0, Math.min(1, share)) + "%";
		return span;
	}

	function words(text) {
		return text.replace(/_/g, " ");
	}

	/* The worst comes first: a lock, then what a person has to do, then what time will do. */
	function mood(p) {
		if (p.lock || p.activity === "needs_attention") return "bad";
		if (p.link !== "online") return "wait";
		if (p.activity === "printing") return "busy";
		return p.ready ? "ready" : "wait";
	}

	function state(p) {
		if (p.lock) return "locked: " + p.lock.fault;
		if (p.link !== "online") return p.link;
		if (p.activity !== "idle") return words(p.activity);
		if (p.bed !== "empty") return "bed " + p.bed;
		return p.ready ? "ready" : "not ready";
	}

	function printer(p) {
		var card = element("div", "card " + mood(p)), head = element("div", "head");
		head.append(element("span", "name", p.name), element("span", "", state(p)));
		card.append(head);
		if (p.progress !== null) {
			var bar = element("div", "bar");
			bar.append(part("printing", p.progress));
			card.append(bar);
			card.append(element("div", "dim", "job " + p.job + ", " + Math.floor(100 * p.progress) +
				" %" + (p.eta_s === null ? "" : ", " + duration(p.eta_s) + " left")));
		}
		var heat = p.heaters.map(function (h) {
			return h.name + " " + Math.round(h.celsius) + (h.target_celsius ? "/" +
				Math.round(h.target_celsius) : "") + " °C";
		}).join("  ");
		card.append(element("div", "dim", (p.heat === "unknown" ? "heat unknown" : heat) +
			"   bed " + p.bed + (p.material ? "   " + p.material + " " + p.color : "")));
		var why = p.lock ? p.lock.text : p.activity === "printing" ? "" : p.not_ready[0] || "";
		if (why) card.append(element("div", "dim", why));
		return card;
	}

	function order(o) {
		var card = element("div", "card " + (o.late ? "bad" : o.printing ? "busy" : "wait"));
		var head = element("div", "head"), bar = element("div", "bar");
		head.append(element("span", "name", o.design), element("span", "", o.good + " of " + o.units));
		bar.append(part("done", o.good / o.units), part("printed", o.printed / o.units),
			part("printing", o.printing / o.units));
		card.append(head, bar);
		card.append(element("div", "dim", "order " + o.id + (o.state === "held" ? ", held" : "") + ": " +
			o.printing + " printing, " + o.printed + " to be counted, " + o.left + " left" +
			(o.scrap ? ", " + o.scrap + " scrap" : "")));
		card.append(element("div", "dim", (o.promised_at ? "done " + moment(o.promised_at) :
			"time cannot be said") + (o.due_at ? ", due " + moment(o.due_at) : "") +
			(o.late ? " – late" : "")));
		return card;
	}

	function need(j) {
		return element("li", "", "job " + j.id + " (" + j.design + (j.printer ? ", " + j.printer : "") +
			"): " + words(j.state) + (j.reason ? " – " + j.reason : ""));
	}

	function fill(id, items, make, nothing) {
		var nodes = items.map(make);
		if (!nodes.length) nodes.push(element("p", "empty", nothing));
		document.getElementById(id).replaceChildren.apply(document.getElementById(id), nodes);
	}

	function draw(status) {
		var summary = document.getElementById("summary"), busy = status.jobs.printing;
		document.title = status.farm + " – printfarm";
		document.getElementById("farm").textContent = status.farm;
		summary.className = status.ledger.broken ? "trouble" : "";
		summary.textContent = status.ledger.broken ?
			"The ledger cannot be written: nothing is started. " + status.ledger.reason :
			busy + " printing, " + status.jobs.printed + " to be counted, " + status.jobs.queued +
			" waiting" + (status.accepting ? "" : " – no room on the disk for new files");
		document.getElementById("needs-section").hidden = !status.needs_person.length;
		fill("needs", status.needs_person, need, "");
		fill("orders", status.orders, order, "no open orders");
		fill("printers", status.printers, printer, "no printers are configured");
	}

	function show(answer) {
		lost = 0;
		if (answer.status === 304) return;
		tag = answer.headers.get("ETag");
		return answer.json().then(draw);
	}

	function trouble() {
		var summary = document.getElementById("summary");
		tag = null;
		if (++lost < 3) return;
		summary.className = "trouble";
		summary.textContent = "printfarmd does not answer: what is shown is old";
	}

	function ask() {
		fetch("/api/v1/status", { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" })
			.then(show).catch(trouble)
			.finally(function () { setTimeout(ask, document.hidden ? 5000 : 500); });
	}

	var first = JSON.parse(document.getElementById("first").textContent);
	if (first) draw(first);
	ask();
})();
