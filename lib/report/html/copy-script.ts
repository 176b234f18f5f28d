/** Adds a button to each block of commands that copies it; where the browser has no clipboard there is none. */
export const COPY_SCRIPT = `
if (navigator.clipboard) for (const block of document.querySelectorAll("pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  block.prepend(button);
}
`.trim();
