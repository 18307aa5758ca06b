// SPDX-License-Identifier: Apache-2.0
// Prints as JSON what each of the modules named imports and exports from: read by the engine itself, and not run.
// Needs --experimental-vm-modules.

import { readFileSync } from "node:fs";
import { SourceTextModule } from "node:vm";

const found = {};
for (const file of process.argv.slice(2))
    found[file] = new SourceTextModule(readFileSync(file, "utf8"), { identifier: file }).dependencySpecifiers;
process.stdout.write(JSON.stringify(found));
