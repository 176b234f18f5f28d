/** No credentials, whatever this machine has (nothing lies below /dev/null), and no hub. */
export const NOBODY = {
  AWS_ACCESS_KEY_ID: "",
  AWS_PROFILE: "",
  AWS_CONFIG_FILE: "/dev/null/none",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null/none",
  AWS_EC2_METADATA_DISABLED: "true",
  HF_HUB_OFFLINE: "1",
};
