"""Writes a tiny Llama with random weights, its tokenizer and its chat template: a model that loads in a second.

Usage: make_tiny_model.py CONFIG_JSON FOLDER. The config is the one that the plan reads, so plan and model agree.
"""

import pathlib
import sys

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SENTENCES = [
    "Hello, how are you? I am fine, thank you, and how are you today?",
    "The quick brown fox jumps over the lazy dog, and the dog sleeps in the sun.",
    "A model is sharded over many machines; each of them holds a part of every layer.",
    "Plan first, prove it on paper, and only then provision the machines you need.",
    "What is the weather like? It is raining, but tomorrow the sun will shine again.",
    "0 1 2 3 4 5 6 7 8 9 10 20 30 40 50 60 70 80 90 100 1000",
]
CHAT_TEMPLATE = "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}"


def write_tokenizer(folder, vocabulary):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)


def main():
    config_path, folder = sys.argv[1:]
    config = LlamaConfig.from_pretrained(config_path)
    torch.manual_seed(1)
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    write_tokenizer(folder, config.vocab_size)
    # The weights are written readable for their owner alone; on the hosts another user serves them.
    for file in pathlib.Path(folder).iterdir():
        file.chmod(0o644)


main()
