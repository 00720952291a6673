"""The verbs about trained models: evaluate, ask, card, push, hash-password."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kgqa.errors import InputError

if TYPE_CHECKING:
    from kgqa.types import Answer


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="MODEL_DIR")
    parser.add_argument("--questions", required=True, type=Path)
    parser.add_argument(
        "--entities",
        default="linked",
        choices=("linked", "gold-span", "gold", "ladder"),
        help="what is given away; ladder: each in turn, with the gaps",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from kgqa.reasoning.pretrained import from_pretrained
    from kgqa.training.evaluate import evaluate, ladder, ladder_table, one_line
    from kgqa.training.questions import read_questions

    questions = read_questions(options.questions)
    answerer = from_pretrained(options.model)
    if options.entities == "ladder":
        rungs = ladder(answerer, questions)
        print(json.dumps(rungs) if options.json else ladder_table(rungs))
        return
    figures = evaluate(answerer, questions, options.entities)
    print(json.dumps(figures) if options.json else one_line(figures))


def add_ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "question", help='"-" reads a conversation from standard input, a question a line; an empty line begins another'
    )
    parser.add_argument("--model", metavar="MODEL_DIR", help="default: the model of the world in assets/")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each question")
    parser.set_defaults(run=_ask)


def _ask(options: argparse.Namespace) -> None:
    from kgqa.chat.assistant import Assistant
    from kgqa.chat.explain import plain
    from kgqa.config import read_settings
    from kgqa.reasoning.pretrained import from_pretrained

    assistant = Assistant(from_pretrained(options.model or read_settings().model))
    questions = (line.strip() for line in sys.stdin) if options.question == "-" else [options.question]
    said: list[Answer] = []
    for question in questions:
        if not question and options.question == "-":
            said.clear()
        else:
            answer = assistant.ask(question, said)
            said.append(answer)
            print(json.dumps(answer.to_dict(), ensure_ascii=False) if options.json else plain(answer), flush=True)


def add_card(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, metavar="MODEL_DIR")
    parser.add_argument("--figures", required=True, type=Path, metavar="FILE.md", help="Markdown")
    parser.set_defaults(run=_card)


def _card(options: argparse.Namespace) -> None:
    from kgqa.training.card import amend_card

    try:
        text = options.figures.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{options.figures}: cannot be read: {error}") from error
    amend_card(options.model, text)


def add_push(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, metavar="MODEL_DIR")
    parser.add_argument("--to", required=True, metavar="USER/NAME", help="its id on the hub")
    parser.add_argument("--private", action="store_const", const=True, help="only you can see it, if it is new")
    parser.set_defaults(run=_push)


def _push(options: argparse.Namespace) -> None:
    from kgqa.reasoning.hub import push

    print(f"{push(options.model, options.to, options.private)}: serve it with: python app.py --model {options.to}")


def add_hash_password(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_hash_password)


def _hash_password(_: argparse.Namespace) -> None:
    from getpass import getpass

    from kgqa.chat.password import PasswordHash

    try:
        first = getpass("Password: ", stream=sys.stderr)
        second = getpass("Once more: ", stream=sys.stderr)
    except EOFError:
        raise InputError("no password was given") from None
    if first != second:
        raise InputError("the two are not the same; try again")
    print(f"KGQA_REVIEW_PASSWORD_HASH={PasswordHash.of(first)}")
