export type { Gpu, InstanceType, ModelArchitecture, Source } from "./types";
