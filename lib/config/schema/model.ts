import { z } from "zod";
import { CACHE_PRECISIONS, WEIGHT_PRECISIONS } from "../precisions";

export const model = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .default("meta-llama/Meta-Llama-3-70B-Instruct")
      .describe(
        "A name that `npx shardplan models` lists, a repository of the hub (its config.json is fetched), or with configPath the repository that the config.json is of.",
      ),
    configPath: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Path of a Hugging Face config.json (from the stack file's folder) for a model outside the catalogue.",
      ),
    precision: z
      .enum(WEIGHT_PRECISIONS)
      .default("bf16")
      .describe(
        "Precision of the weights. `bf16` leaves them as the checkpoint stores them. `fp8` and the other values of vLLM's --quantization that quantise while loading do so to an unquantised checkpoint. A method such as `awq` must be the checkpoint's own.",
      ),
    kvCacheDtype: z
      .enum(CACHE_PRECISIONS)
      .default("bf16")
      .describe(
        "Precision of the KV cache, by vLLM's names. It has 16 bits (`bf16`, `auto`, `bfloat16`, `float16` with serving.dtype float16) or 8 (`fp8`, `fp8_e4m3`, `fp8_e5m2`, and `fp8_ds_mla` of sparse latent attention). The others are known and refused, because no measured kernel reads them.",
      ),
    source: z
      .enum(["hub", "bucket", "path"])
      .default("hub")
      .describe(
        "Where hosts get the weights: the Hugging Face hub, an S3 bucket, or a path that exists on every host.",
      ),
    location: z
      .string()
      .optional()
      .describe(
        "For source `bucket` an s3:// URI, for source `path` an absolute path on the hosts. Unused for `hub`.",
      ),
    revision: z
      .string()
      .min(1)
      .default("main")
      .describe("Branch, tag or commit of the model repository on the hub."),
    hubEndpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        "Address of a mirror that stands in for the Hugging Face hub, such as https://hub.example.com. Hosts fetch the weights and their checksums there. Default: the hub, or what HF_ENDPOINT names where the planner runs.",
      ),
    removeUnused: z
      .boolean()
      .default(false)
      .describe(
        "Once the present model is proven, remove from the hosts the weights that this program has fetched for earlier ones and that no service uses any more. Going back to such a model fetches them again.",
      ),
    servedName: z
      .string()
      .min(1)
      .optional()
      .describe("Name that clients use in requests. Default: the model's name."),
  })
  .prefault({})
  .describe("The model: its shape, its precision and where the weights come from.");
