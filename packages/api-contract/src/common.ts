/** Pieces that several resources share. */
import { type TSchema, Type } from "typebox";

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** The wire has six digits; three of them are known. */
export const formatTimestamp = (time: Date): string => time.toISOString().replace("Z", "000Z");

export const Timestamp = Type.String({ description: "RFC 3339, UTC" });

export const RegionParams = Type.Object({ region: Type.String() });
export const InstanceParams = Type.Object({ region: Type.String(), instance_id: Type.String() });
/** Of an instance below /mainstay/v1, which has no regions. */
export const PlatformParams = Type.Object({ instance_id: Type.String() });

const digits = Type.String({ pattern: "^[0-9]{0,9}$" });

/** Query parameters arrive as text; an empty one is the same as none. */
export const PageQuery = Type.Object({
  page: Type.Optional(digits),
  page_size: Type.Optional(digits),
});

export const maxPageSize = 100;
export const defaultPageSize = 50;
