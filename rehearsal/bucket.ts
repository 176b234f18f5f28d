import { MODEL_PATH } from "./tiny-model";

/** The model of a stack, from a bucket. */
export const FROM_BUCKET = { source: "bucket", location: "s3://rehearsal/tiny-llama" } as const;

/**
 * Run on a host: a stand-in for AWS's command line, which the host would else install. Whatever the bucket, it copies
 * the tiny model.
 */
export const PUT_BUCKET = `cat >/usr/local/bin/aws <<'AWS'
#!/bin/sh
mkdir -p "$5" && cp ${MODEL_PATH}/* "$5/"
AWS
chmod 755 /usr/local/bin/aws`;
