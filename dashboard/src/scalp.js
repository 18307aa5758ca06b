// SPDX-License-Identifier: Apache-2.0
/** The scalp as it is drawn: seen from above with the face upwards, and from behind; beside them the scars. */

export const VIEW_BOX = "0 0 440 292";

/** Outlines that cut the zones' paths off. */
export const OUTLINES = {
	top: ["M100 16C148 16 178 66 178 124S146 228 100 228S22 182 22 124S52 16 100 16Z"],
	back: ["M320 14C370 14 400 56 400 106C400 150 382 184 358 198L358 236L282 236L282 198C258 184 240 150 240 106C240 56 270 14 320 14Z"],
};

/** [zone, outline, path, x and y of its label]. */
export const ZONES = [
	["frontal-hairline", "top", "M50 76Q100 24 150 76L142 92Q100 46 58 92Z", 100, 56],
	["left-temple", "top", "M0 64L50 76L58 92L60 112L0 112Z", 41, 98],
	["right-temple", "top", "M200 64L150 76L142 92L140 112L200 112Z", 159, 98],
	["frontal", "top", "M58 92Q100 46 142 92L140 112Q100 120 60 112Z", 100, 97],
	["mid-scalp", "top", "M60 112Q100 120 140 112L140 152Q100 144 60 152Z", 100, 136],
	["crown", "top", "M60 152Q100 144 140 152Q144 180 132 194Q100 210 68 194Q56 180 60 152Z", 100, 180],
	["left-side", "top", "M0 112L60 112L60 152Q56 180 68 194L40 240L0 240Z", 42, 152],
	["right-side", "top", "M200 112L140 112L140 152Q144 180 132 194L160 240L200 240Z", 158, 152],
	["occipital", "top", "M68 194Q100 210 132 194L160 240L40 240Z", 100, 220],
	["crown", "back", "M262 0L378 0L372 62Q320 86 268 62Z", 320, 50],
	["left-side", "back", "M220 0L262 0L268 62L274 144L268 200L220 200Z", 255, 112],
	["right-side", "back", "M420 0L378 0L372 62L366 144L372 200L420 200Z", 385, 112],
	["occipital", "back", "M268 62Q320 86 372 62L366 144Q320 162 274 144Z", 320, 118],
	["nape", "back", "M274 144Q320 162 366 144L372 200L360 240L280 240L268 200Z", 320, 190],
];

export const SCARS = ["scar-1", "scar-2", "scar-3", "scar-4"].map((zone, i) => [zone, 58 + i * 108, 264]);
