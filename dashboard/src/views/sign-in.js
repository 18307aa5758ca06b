// SPDX-License-Identifier: Apache-2.0
/** Asks for a name and a password: of the broker, or of the clinic's server. */

import { h, setText } from "../dom.js";

export class SignIn {
	title = "Sign in";

	/** `what`: where; `explains`: a sentence that says why. */
	constructor({ user, what, explains, onSubmit }) {
		this.heading = h("h2", { tabindex: -1 }, `Sign in at ${what}`);
		this.reason = h("p", { class: "reason", role: "alert" });
		this.user = h("input", { id: "user", autocomplete: "username", required: true, value: user });
		this.password = h("input", { id: "password", type: "password", autocomplete: "current-password" });
		/** What to give the focus to. */
		this.first = user ? this.password : this.user;
		this.form = h("form", {}, h("label", { for: "user" }, "User"), this.user, h("label", { for: "password" }, "Password"), this.password,
			h("button", { type: "submit" }, "Sign in"));
		this.form.addEventListener("submit", (event) => {
			event.preventDefault();
			onSubmit({ user: this.user.value, password: this.password.value });
		});
		this.node = h("div", { class: "sign-in" }, this.heading, h("p", {}, explains), this.reason, this.form);
	}

	because(reason) {
		setText(this.reason, reason);
	}

	update() {}
	destroy() {}
}
