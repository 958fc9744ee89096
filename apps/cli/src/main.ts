/** The command line: every command with its options. */
import { Command, CommanderError } from "commander";
import { changeLeader } from "./commands/change-leader.ts";
import { connectInstance } from "./commands/connect.ts";
import { createInstance } from "./commands/create-instance.ts";
import { down } from "./commands/down.ts";
import { printEvents, printIncidents } from "./commands/events.ts";
import { type Power, printHosts, switchHost } from "./commands/hosts.ts";
import * as instances from "./commands/instances.ts";
import { printStatus } from "./commands/status.ts";
import { runDetached, up } from "./commands/up.ts";
import { at, oneLine, read } from "./define-command.ts";
import { CommandError } from "./errors.ts";
import { parseCount, parseDuration, parseListen, parseMembers, parseSeconds } from "./parse-options.ts";

const program = new Command("mainstay")
  .configureOutput(oneLine)
  .description("Managed PostgreSQL on your own machines")
  .version("0.1.0")
  .exitOverride();

program
  .addCommand(
    at("up", "start the platform of a directory; make it first if there is none")
      .option("--listen <address:port>", "where the API listens (default 127.0.0.1:8400)", parseListen)
      .option("--detach", "return when everything answers")
      .option("--no-demo", "do not create the instance demo on the first run")
      .option("--hosts <number>", "virtual hosts (default 3)", parseCount)
      .option("--replace-after <seconds>", "a node that stays lost is replaced (default 30)", parseSeconds)
      .option("--etcd-members <number>", "1 or 3 (default 1)", parseMembers)
      .action((options) => up(options)),
  )
  .addCommand(
    at("down", "stop everything that up started; the data stays")
      .option("--purge", "delete the data too")
      .action((options) => down(options)),
  )
  .addCommand(read("status", "what runs").action((options) => printStatus(options)))
  // The launcher runs them itself; here they are named in the help.
  .addCommand(new Command("test").description("install what the tests need and run all of them"))
  .addCommand(
    read("events", "the timeline of an instance: what was decided, by whom and why")
      .argument("<instance>", "name or id")
      .option("--since <time>", "how far back, such as 90s, 10m, 2h or 1d (default: all)", parseDuration)
      .option("--follow", "go on with what comes")
      .action((word, options) => printEvents(word, options)),
  )
  .addCommand(
    read("incidents", "failovers, switchovers and losses of a standby, newest first")
      .argument("<instance>", "name or id")
      .action((word, options) => printIncidents(word, options)),
  )
  .addCommand(
    at("platform-run", "keep the platform running").action(({ dir }) => runDetached(dir)),
    { hidden: true },
  );

const durabilityHelp = "available: goes on alone without its standby; strict: commits wait for one";
const timingHelp = "fast, or safe for slow networks";
const instance = program.command("instance").description("databases");
instance
  .addCommand(
    read("create", "create an instance")
      .argument("<name>")
      .option("--ha", "two nodes on different hosts, synchronous")
      .option("--engine <name>", "engine and major version (default: the newest, as PostgreSQL-17)")
      .option("--node-type <name>", "plan", "db-dev-s")
      .option("--durability <word>", durabilityHelp)
      .option("--timing <word>", timingHelp)
      .option("--user <name>", "the first user", "admin")
      .option("--password-file <file>", "its password; without, one is made and shown")
      .option("--wait", "until it is ready, showing the steps")
      .action((name, options) => createInstance(name, options)),
  )
  .addCommand(read("list", "all instances").action((options) => instances.printInstances(options)))
  .addCommand(
    read("get", "one instance")
      .argument("<instance>", "name or id")
      .action((word, options) => instances.printInstance(word, options)),
  )
  .addCommand(
    read("delete", "delete an instance and its data")
      .argument("<instance>", "name or id")
      .option("--wait", "until it is gone")
      .action((word, options) => instances.deleteInstance(word, options)),
  )
  .addCommand(
    read("connect", "open psql; without a terminal, print its line")
      .argument("<instance>", "name or id")
      .option("--user <name>", "as whom (default: the instance's first user)")
      .option("--print", "print the psql line in any case")
      .action((word, options) => connectInstance(word, options)),
  )
  .addCommand(
    read("update", "change durability or timing")
      .argument("<instance>", "name or id")
      .option("--durability <word>", durabilityHelp)
      .option("--timing <word>", timingHelp)
      .action((word, options) => instances.updateInstance(word, options)),
  )
  .addCommand(
    at("heal", "let autohealing replace nodes again after its hourly limit")
      .argument("<instance>", "name or id")
      .action((word, options) => instances.healInstance(word, options)),
  )
  .addCommand(
    at("switchover", "let the standby lead, in order")
      .argument("<instance>", "name or id")
      .option("--target <node>", "who; without, the synchronous standby")
      .option("--reason <text>", "kept in the instance's events")
      .option("--wait", "until it leads")
      .action((word, options) => changeLeader("switchover", word, options)),
  )
  .addCommand(
    at("failover", "let another node lead, however the leader fares")
      .argument("<instance>", "name or id")
      .option("--target <node>", "who; without, the synchronous standby")
      .option("--accept-loss", "also a node that may lack acknowledged commits, which are then lost")
      .option("--reason <text>", "kept in the instance's events")
      .option("--wait", "until it leads")
      .action((word, options) => changeLeader("failover", word, options)),
  );

program
  .command("node")
  .description("the servers of an instance")
  .addCommand(
    read("list", "the nodes of an instance")
      .argument("<instance>", "name or id")
      .action((word, options) => instances.printNodes(word, options)),
  );

const host = program.command("host").description("the virtual hosts of this machine");
host.addCommand(read("list", "all hosts").action((options) => printHosts(options)));
const powers: Record<Power, string> = {
  kill: "power cut: everything on it dies at once",
  start: "power on",
  freeze: "everything on it stands still",
  thaw: "everything on it goes on",
};
for (const power of ["kill", "start", "freeze", "thaw"] as const) {
  host.addCommand(
    at(power, powers[power])
      .argument("<host>")
      .action((hostId, options) => switchHost(power, hostId, options)),
  );
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on("error", () => process.exit(0));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 1; // it has said what is wrong
  } else {
    const line = error instanceof CommandError ? error.message : `unexpected: ${String(error)}`;
    process.stderr.write(`mainstay: ${line}\n`);
    process.exitCode = 1;
  }
}
