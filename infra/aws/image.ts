/** Image with driver, Fabric Manager and local disks ready; its format is documented in AWS's find-dlami-id page. */
export const IMAGE_PARAMETER =
  "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id";
