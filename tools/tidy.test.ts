import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = dirname(import.meta.dirname);
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root })
  .toString()
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const sources = files.filter((file) => file.endsWith(".ts") && !file.includes("/generated/"));

/** Files in which `isWrong` finds something. */
function offenders(some: readonly string[], isWrong: (text: string, file: string) => boolean): string[] {
  return some.filter((file) => isWrong(readFileSync(join(root, file), "utf8"), file));
}

test("no source file has more than 400 lines", () => {
  assert.deepEqual(
    offenders(sources, (text) => text.split("\n").length > 401),
    [],
  );
});

test("no source file leaves work undone or draws its own random numbers", () => {
  const forbidden = new RegExp(
    ["TO" + "DO", "FIX" + "ME", "Math\\." + "random", "(test|it)\\." + "(only|skip)"].join("|"),
  );
  assert.deepEqual(
    offenders(sources, (text) => forbidden.test(text)),
    [],
  );
});

test("every test is beside the code it names, or below test/", () => {
  const lonely = sources.filter(
    (file) =>
      file.endsWith(".test.ts") &&
      !/^(test|tools)\//.test(file) &&
      !files.includes(file.replace(".test.ts", ".ts")),
  );
  assert.deepEqual(lonely, []);
});

test("every link between documents leads somewhere", () => {
  const broken = files
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), "utf8");
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? "");
      return links
        .filter((link) => !existsSync(join(root, dirname(file), link)))
        .map((link) => `${file}: ${link}`);
    });
  assert.deepEqual(broken, []);
});
