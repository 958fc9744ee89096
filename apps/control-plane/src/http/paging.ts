import { defaultPageSize, maxPageSize } from "@mainstay/api-contract/common.ts";
import type { Page } from "../store/instances.ts";

interface PageQuery {
  readonly page?: string;
  readonly page_size?: string;
}

export function toPage({ page = "1", page_size: size = "" }: PageQuery): Page {
  const limit = Math.min(Number(size) || defaultPageSize, maxPageSize);
  return { limit, offset: (Math.max(Number(page), 1) - 1) * limit };
}

export function slice<T>(items: readonly T[], query: PageQuery): T[] {
  const { limit, offset } = toPage(query);
  return items.slice(offset, offset + limit);
}
