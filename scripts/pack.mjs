// Makes the npm tarball in dist-pack/, with the project's README, changelog and licences in it.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";

const root = new URL("../", import.meta.url);
const path = (file) => new URL(file, root).pathname;

const carried = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];
rmSync(path("dist-pack"), { recursive: true, force: true });
mkdirSync(path("dist-pack"));
for (const file of carried) copyFileSync(path(file), path(`pkg/${file}`));
try {
  execFileSync("npm", ["pack", "--silent", "--pack-destination", path("dist-pack")], {
    cwd: path("pkg"),
    stdio: "inherit",
  });
} finally {
  for (const file of carried) rmSync(path(`pkg/${file}`));
}
