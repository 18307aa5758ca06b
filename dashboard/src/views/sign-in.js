// SPDX-License-Identifier: Apache-2.0
/** Asks for the user and password of the broker. */

import { h, setText } from "../dom.js";

export class SignIn {
	title = "Sign in";

	constructor({ user, broker, onSubmit }) {
		this.heading = h("h2", { tabindex: -1 }, "Sign in at the broker");
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
		this.node = h("div", { class: "sign-in" }, this.heading, h("p", {}, `The broker ${broker} wants to know who is looking.`), this.reason, this.form);
	}

	because(reason) {
		setText(this.reason, reason);
	}

	update() {}
	destroy() {}
}
