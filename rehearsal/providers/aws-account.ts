import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Properties } from "./changed-inputs";

/** One resource of the stand-in's account. */
export interface AccountResource {
  readonly id: string;
  /** Such as `aws:ec2/instance:Instance`. */
  readonly type: string;
  /** Name in the program: the last part of the URN. */
  readonly name: string;
  /** Inputs and outputs in plain text, as the resource is now. */
  readonly properties: Properties;
}

/** SSH host key of a machine: it makes one at first boot, and takes it along when it goes. */
export interface MachineKey {
  readonly private: string;
  readonly public: string;
}

interface Content {
  readonly resources: readonly AccountResource[];
  readonly hostKeys: Readonly<Record<string, MachineKey>>;
  /** Numbers given out so far: an address or a version never comes again. */
  readonly counter: number;
}

/** What the account of a Pulumi home holds. The plugin ends with each command of the engine, so it lies in a file. */
export class AwsAccount {
  private readonly file: string;

  constructor(home: string) {
    this.file = join(home, "stand-in-aws-account.json");
  }

  private read(): Content {
    if (!existsSync(this.file)) return { resources: [], hostKeys: {}, counter: 0 };
    return JSON.parse(readFileSync(this.file, "utf8"));
  }

  private write(changes: Partial<Content>): void {
    // Another process may be reading.
    writeFileSync(`${this.file}.new`, JSON.stringify({ ...this.read(), ...changes }), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }

  /** Every resource of a type, in the order in which they were made. */
  list(type: string): readonly AccountResource[] {
    return this.read().resources.filter((resource) => resource.type === type);
  }

  /** Every resource. */
  all(): readonly AccountResource[] {
    return this.read().resources;
  }

  /** The resource of an id; ids that are names are unique within their type. */
  find(id: string, type?: string): AccountResource | undefined {
    return this.read().resources.find((found) => found.id === id && (type ?? found.type) === found.type);
  }

  /** Adds a resource, or puts its new properties in the place of the old ones. */
  put(resource: AccountResource): void {
    this.write({ resources: [...this.without(resource), resource] });
  }

  remove(resource: AccountResource): void {
    this.write({ resources: this.without(resource) });
  }

  private without({ id, type }: AccountResource): readonly AccountResource[] {
    return this.read().resources.filter((other) => other.id !== id || other.type !== type);
  }

  nextNumber(): number {
    const counter = this.read().counter + 1;
    this.write({ counter });
    return counter;
  }

  hostKey(instanceId: string): MachineKey | undefined {
    return this.read().hostKeys[instanceId];
  }

  keepHostKey(instanceId: string, key: MachineKey): void {
    this.write({ hostKeys: { ...this.read().hostKeys, [instanceId]: key } });
  }
}
