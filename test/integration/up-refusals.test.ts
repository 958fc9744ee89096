/** What `up` refuses: in one clear line, with exit code 1, before anything is made. */
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { layoutOf } from "@mainstay/cli/platform/layout.ts";
import { volumeFault } from "@mainstay/compute/local/volumes.ts";
import { run } from "@mainstay/runtime/run.ts";
import { freePort } from "../kit/etcd.ts";

const cli = join(import.meta.dirname, "../../apps/cli/src/main.ts");
const dir = await realpath(await mkdtemp(join(tmpdir(), "mainstay-refusals-")));
await chmod(dir, 0o755);
after(() => rm(dir, { recursive: true, force: true }));
const platform = join(dir, "platform");
const listen = ["--listen", `127.0.0.1:${await freePort("127.0.0.1")}`];
const mounting = { skip: (await volumeFault(tmpdir())) ?? false };
const asRoot = process.getuid?.() === 0 ? {} : { skip: "needs root" };

test("`up` refuses a port that is taken", async () => {
  await using server = await listenOn("127.0.0.1", 0);
  const address = `127.0.0.1:${server.port}`;
  await refuses(["--listen", address], new RegExp(`^mainstay: ${address} cannot be listened on .*--listen$`));
  await assert.rejects(readdir(platform), { code: "ENOENT" });
});

test("`up` refuses a port of etcd that is taken", async () => {
  const address = layoutOf(platform).address(3);
  await using _server = await listenOn(address, 2380);
  await refuses(
    [...listen, "--etcd-members", "3"],
    new RegExp(`^mainstay: ${address}:2380 cannot be listened on .*--dir$`),
  );
  await assert.rejects(readdir(platform), { code: "ENOENT" });
});

test("`up` refuses one host for a demo that needs two", async () => {
  await refuses([...listen, "--hosts", "1"], /^mainstay: .*--hosts, or use --no-demo$/);
  await assert.rejects(readdir(platform), { code: "ENOENT" });
});

test("`up` refuses an option that it does not know, and a value that is none", async () => {
  await refuses([...listen, "--hots", "3"], /^mainstay: unknown option '--hots' \(Did you mean --hosts\?\)$/);
  await refuses([...listen, "--hosts", "x"], /^mainstay: .*'x' is invalid\. It is a number from 1 to 50\.$/);
});

test("`up` refuses an address that other machines reach, or that is none", async () => {
  for (const address of ["0.0.0.0:8411", "192.0.2.1:8411", "127.0.0.1", "127.0.0.1:0", "127.0.0.256:8411"]) {
    await refuses(["--listen", address], /^mainstay: .* is invalid\. It is a loopback address and a port,/);
  }
  await assert.rejects(readdir(platform), { code: "ENOENT" });
});

test("`up` refuses a directory that PostgreSQL's user cannot enter", asRoot, async () => {
  const closed = join(dir, "closed");
  await mkdir(closed, { mode: 0o700 });
  const rule = new RegExp(`^mainstay: the user postgres cannot enter ${closed},.*chmod o\\+x ${closed}`);
  await refuses(listen, rule, join(closed, "platform"));
  assert.deepEqual(await readdir(closed), []);
});

test("`up` refuses a path that HAProxy's file cannot hold", async () => {
  const odd = join(dir, "my db");
  await refuses(listen, /^mainstay: the path ".*my db" has characters other than .*--dir$/, odd);
  await assert.rejects(readdir(odd), { code: "ENOENT" });
});

test("`up` refuses a disk that is too small for the platform, or for its demo", mounting, async () => {
  await mkdir(platform);
  // In a mount namespace of its own, which ends with the command.
  const on = (size: string) => {
    const script = `mount -t tmpfs -o size=${size},mode=755 none ${platform} && exec "$@"`;
    return ["unshare", "--mount", "sh", "-c", script, "sh", process.execPath];
  };
  const tooSmall = /^mainstay: .* has 6\d MB free; 500 MB are needed$/;
  await refuses([...listen, "--no-demo"], tooSmall, platform, on("64m"));
  const forDemo = /^mainstay: .* has \d{3} MB free; 1500 MB are needed, 500 MB with --no-demo$/;
  await refuses(listen, forDemo, platform, on("900m"));
  assert.deepEqual(await readdir(platform), []);
});

test("`up` refuses another shape than the first `up` gave the directory", async () => {
  const known = { listen: { address: "127.0.0.1", port: 8400 }, hosts: 3, etcdMembers: 1, isComplete: true };
  const names = { accessKey: "", secretHash: "", organizationId: "", projectId: "" };
  const settings = { ...known, ...names, endpointPorts: { first: 20_000, last: 20_099 } };
  await mkdir(platform, { recursive: true });
  await writeFile(layoutOf(platform).settingsFile, JSON.stringify(settings));
  await refuses(listen, /listens on 127.0.0.1:8400; --listen cannot change it$/);
  await refuses(["--hosts", "4"], /has 3 hosts; --hosts cannot change it$/);
  await refuses(["--etcd-members", "3"], /has etcd members: 1; --etcd-members cannot change it$/);
});

async function refuses(args: string[], line: RegExp, at = platform, before = [process.execPath]) {
  const [command = "", ...rest] = before;
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, HOME: dir };
  const all = [...rest, cli, "up", "--detach", ...args, "--dir", at];
  const { code, stdout, stderr } = await run(command, all, {
    cwd: "/",
    env,
    timeoutMs: 60_000,
    okCodes: [0, 1],
  });
  assert.equal(stdout, "");
  assert.match(stderr.trimEnd(), line);
  assert.equal(stderr.trimEnd().split("\n").length, 1);
  assert.equal(code, 1);
}

async function listenOn(address: string, port: number) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const at = server.address();
  return {
    port: typeof at === "object" && at ? at.port : 0,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
