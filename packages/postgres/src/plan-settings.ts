/** Settings that follow from the size of a node. Pure. */

export interface Size {
  readonly memoryBytes: number;
  readonly volumeBytes: number;
  readonly vcpus: number;
}

const gibibyte = 1024 ** 3;

/** 100 for the smallest plan, 50 more for each GiB of memory, at most 1000. The same on every member. */
export function maxConnections(memoryBytes: number): number {
  return Math.min(1_000, 100 + 50 * Math.floor(memoryBytes / gibibyte));
}

/** Those that tenants are shown, in the units of the wire: MB without saying so. */
export function shownSettings(size: Size): { name: string; value: string }[] {
  const connections = maxConnections(size.memoryBytes);
  const sizes = sizeSettings({ ...size, maxConnections: connections });
  const shown = {
    effective_cache_size: sizes.effective_cache_size,
    maintenance_work_mem: sizes.maintenance_work_mem,
    max_connections: connections,
    max_parallel_workers: sizes.max_parallel_workers,
    max_parallel_workers_per_gather: sizes.max_parallel_workers_per_gather,
    work_mem: sizes.work_mem,
  };
  return Object.entries(shown).map(([name, value]) => ({ name, value: String(value).replace(/MB$/, "") }));
}

const mebibyte = 1024 * 1024;

/** What of postgresql.conf follows from the plan. */
export function sizeSettings({
  memoryBytes,
  volumeBytes,
  vcpus,
  maxConnections,
}: Size & { readonly maxConnections: number }) {
  const memory = memoryBytes / mebibyte;
  const volume = volumeBytes / mebibyte;
  return {
    shared_buffers: mebibytes(memory / 4, 16, 64 * 1024),
    effective_cache_size: mebibytes(memory * 0.65, 32, 512 * 1024),
    work_mem: mebibytes(memory / 4 / maxConnections, 1, 256),
    maintenance_work_mem: mebibytes(memory / 16, 16, 2 * 1024),
    max_worker_processes: Math.max(8, vcpus),
    max_parallel_workers: Math.max(1, vcpus),
    max_parallel_workers_per_gather: Math.max(0, Math.min(4, Math.floor(vcpus / 2))),
    min_wal_size: "80MB",
    max_wal_size: mebibytes(volume / 20, 128, 16 * 1024),
    // A standby that is away may not fill the leader's volume; one that fell behind is cloned again.
    max_slot_wal_keep_size: mebibytes(volume / 5, 256, 128 * 1024),
    temp_file_limit: mebibytes(volume / 4, 256, 1024 * 1024),
  };
}

function mebibytes(value: number, least: number, most: number): string {
  return `${Math.floor(Math.min(Math.max(value, least), most))}MB`;
}
