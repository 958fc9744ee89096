/** The arguments the supervisor starts `postgres` with; the settings file stays out of the data directory. */
export function postgresArguments(input: {
  readonly dataDir: string;
  readonly settingsFile: string;
}): string[] {
  return ["-D", input.dataDir, "-c", `config_file=${input.settingsFile}`];
}
