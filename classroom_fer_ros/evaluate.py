"""
Scores against labels: ``python -m classroom_fer_ros.evaluate WHAT …``. Needs no ROS and no torch.

    detection DIR [--detector full_range|yunet] [--json]     recall on DIR/boxes.csv
    light FILM [--json]                                      what light correction gains
    limits [--seconds S] [--sizes …] [--rates …] [--lights …] [--json]   where judging eyes ends
    expression FILE.npz [--model CARD] [--exact] [--png PICTURE] [--json]   accuracy of the
                                                             classifier
    expression DIR [--head NAME] [--model CARD] [--exact] [--json]   the same on photographs, a
                                                             folder a label, from detection on
    eyes FILE.npz [--model CARD] [--json]                    accuracy of open against closed
    events EVENTS.csv LABELS.csv [--frames FRAMES.parquet …] [--json]   blinks, yawns, turns, …
    events RESULTS_DIR LABELS_DIR [--json]                   the same over many films
    head_pose DIR|FILM [--json]                              error of yaw, pitch and roll on
                                                             pictures with AFLW2000's .mat files,
                                                             or on a simulated film
    motions [--fps N] [--minutes M] [--students K] [--height PX] [--brightness B] [--noise N]
            [--blur PX] [--seed S] [--json]                  shakes, nods, turns, yaw and alerts
                                                             of a simulated lesson
    identification IMAGES.npz PAIRS.csv [--model CARD] [--png FILE] [--open-set] [--json]
                                                             accuracy of the embedder
    gallery GALLERY_DIR PROBE_DIR [--strangers DIR] [--model CARD] [--json]
                                                             who is found again, who mistaken
    people DIR [--enrolled N] [--model CARD] [--json]        the same over all splits of their
                                                             pictures, everybody once a stranger
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from classroom_fer_ros.core.detection import DETECTORS, DetectionConfig
from classroom_fer_ros.core.errors import ClassroomFerError, DataError
from classroom_fer_ros.core.evaluation.confusion_picture import write_confusions
from classroom_fer_ros.core.evaluation.detection import evaluate_detection
from classroom_fer_ros.core.evaluation.event_folders import score_paths
from classroom_fer_ros.core.evaluation.expression import evaluate_expression
from classroom_fer_ros.core.evaluation.eyes import evaluate_eyes
from classroom_fer_ros.core.evaluation.gallery import evaluate_gallery
from classroom_fer_ros.core.evaluation.head_pose import evaluate_head_pose
from classroom_fer_ros.core.evaluation.identification import evaluate_identification
from classroom_fer_ros.core.evaluation.light import evaluate_light
from classroom_fer_ros.core.evaluation.limits import (
    FACE_SIZES_PX,
    LIGHTS,
    RATES_FPS,
    measure_limits,
)
from classroom_fer_ros.core.evaluation.motions import Conditions, score_lesson
from classroom_fer_ros.core.evaluation.perclos import score_perclos
from classroom_fer_ros.core.evaluation.photographs import evaluate_photographs
from classroom_fer_ros.core.evaluation.roc import write_roc
from classroom_fer_ros.core.evaluation.splits import ENROLLED, evaluate_splits
from classroom_fer_ros.core.expression import ExpressionConfig
from classroom_fer_ros.core.eye_state import EYE_STATE_CARD
from classroom_fer_ros.core.model_registry import card_in_use
from classroom_fer_ros.core.pipeline import PipelineConfig, make_detector
from classroom_fer_ros.core.simulation import SimulationConfig
from classroom_fer_ros.score_tables import (
    print_events,
    print_expression,
    print_limits,
    print_motions,
    print_photographs,
)

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 if a score was printed, 2 if the input was wrong."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except ClassroomFerError as error:
        print(f'evaluate: {error}', file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='evaluate', description='Scores against labels.')
    whats = parser.add_subparsers(required=True, metavar='WHAT')
    detection = _add(whats, 'detection', 'recall on labelled boxes', _detection)
    detection.add_argument('folder', type=Path, help='folder of pictures with a boxes.csv')
    detection.add_argument('--detector', choices=DETECTORS, default='full_range')
    light = _add(whats, 'light', 'what light correction gains on a darkened film', _light)
    light.add_argument('film', type=Path)
    light.add_argument('--every', type=int, default=8, help='analyse every n-th picture')
    events = _add(whats, 'events', 'precision, recall and F1 of found events', _events)
    events.add_argument(
        'found', type=Path, help='csv with kind, start_s, end_s, face; or a folder of `analyze`'
    )
    events.add_argument(
        'labels',
        type=Path,
        help='csv of the same columns; face may be empty. Or a folder of them, named as the films',
    )
    events.add_argument(
        '--frames',
        type=Path,
        nargs='+',
        default=[],
        metavar='FRAMES.parquet',
        help='tables of results, for the error of PERCLOS',
    )
    limits = _add(whats, 'limits', 'where judging eyes stops working, simulated', _limits)
    limits.add_argument('--seconds', type=float, default=120.0, help='of each simulated lesson')
    limits.add_argument('--sizes', type=int, nargs='+', default=FACE_SIZES_PX, help='faces, px')
    limits.add_argument('--rates', type=int, nargs='+', default=RATES_FPS, choices=RATES_FPS)
    limits.add_argument('--lights', nargs='+', default=LIGHTS, choices=LIGHTS)
    expression = _add(whats, 'expression', 'accuracy of the expression classifier', _expression)
    expression.add_argument(
        'file',
        type=Path,
        help='npz with images and votes, fer2013 or labels; or a folder of photographs for each '
        'label',
    )
    expression.add_argument('--model', type=Path, default=None, help='model card')
    expression.add_argument(
        '--png', type=Path, help='where the confusion matrix is drawn (out/confusion_NAME.png)'
    )
    expression.add_argument(
        '--head', default='', help='which head of the model answers on photographs (the served)'
    )
    expression.add_argument(
        '--exact', action='store_true', help='the weights as trained, not those in eight bits'
    )
    eyes = _add(whats, 'eyes', 'accuracy of open against closed eyes', _eyes)
    eyes.add_argument('file', type=Path, help='npz with images and is_open')
    eyes.add_argument('--model', type=Path, default=None, help='model card')
    head_pose = _add(whats, 'head_pose', 'error of yaw, pitch and roll, degrees', _head_pose)
    head_pose.add_argument(
        'path',
        type=Path,
        help="folder of pictures with AFLW2000's .mat files, or a film of `make simulate`",
    )
    motions = _add(whats, 'motions', 'shakes, nods and turns of a simulated lesson', _motions)
    motions.add_argument('--fps', type=float, default=20.0)
    motions.add_argument('--minutes', type=float, default=10.0)
    motions.add_argument('--students', type=int, default=6)
    motions.add_argument('--height', type=int, default=720, help='of the picture, px')
    motions.add_argument('--brightness', type=float, default=1.0, help='share of the light left')
    motions.add_argument('--noise', type=float, default=0.0, help='of the sensor, gray levels')
    motions.add_argument('--blur', type=float, default=0.0, help='standard deviation, px')
    motions.add_argument('--seed', type=int, default=1, help='another one is another class')
    identification = _add(whats, 'identification', 'accuracy of the embedder', _identification)
    identification.add_argument('images', type=Path, help='npz with jpeg, offsets, person, number')
    identification.add_argument('pairs', type=Path, help='csv with person_a, …, same')
    identification.add_argument('--model', type=Path, default=None, help='model card')
    identification.add_argument('--png', type=Path, default=None, help='draw the ROC curve there')
    identification.add_argument(
        '--open-set', action='store_true', help='also enrol classes of 30 among strangers'
    )
    gallery = _add(whats, 'gallery', 'enrolled people and strangers in pictures', _gallery)
    gallery.add_argument('gallery', type=Path, help='folder with <name>/<picture> to enrol')
    gallery.add_argument('probes', type=Path, help='the same; other names are strangers')
    gallery.add_argument('--strangers', type=Path, default=None, help='more strangers')
    gallery.add_argument('--model', type=Path, default=None, help='model card')
    people = _add(whats, 'people', 'every split of pictures of people, one a stranger', _people)
    people.add_argument('folder', type=Path, help='folder with <name>/<picture>')
    people.add_argument('--enrolled', type=int, default=ENROLLED, help='pictures to enrol of each')
    people.add_argument('--model', type=Path, default=None, help='model card')
    return parser


def _add(
    whats: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    command: Command,
) -> argparse.ArgumentParser:
    parser = whats.add_parser(name, help=text, description=text)
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    parser.set_defaults(command=command)
    return parser


def _detection(options: argparse.Namespace) -> int:
    detector = make_detector(DetectionConfig(detector=options.detector))
    score = evaluate_detection(options.folder, detector, options.detector)
    if options.json:
        print(json.dumps(score.to_json()))
        return 0
    table = Table('faces', 'recall', title=f'{score.detector}: faces found (IoU >= 0.4)')
    for size, (recall, count) in score.recall_by_size.items():
        table.add_row(f'{size} px wide ({count})', f'{recall:.3f}')
    table.add_row(f'all ({score.faces})', f'{score.recall:.3f}')
    Console().print(table)
    print(
        f'{score.pictures} pictures, {score.false_positives} false positives, '
        f'{score.milliseconds_per_picture:.1f} ms a picture (median)'
    )
    return 0


def _light(options: argparse.Namespace) -> int:
    scores = evaluate_light(options.film, options.every)
    if options.json:
        print(json.dumps([score.to_json() for score in scores]))
        return 0
    table = Table('light', 'correction', 'faces found', 'landmark error / eye distance')
    for score in scores:
        table.add_row(
            f'1/{score.darkening}',
            'on' if score.is_corrected else 'off',
            f'{score.found_share:.1%}',
            f'{score.landmark_error:.3f}',
        )
    Console().print(table)
    return 0


def _events(options: argparse.Namespace) -> int:
    scores, labelled = score_paths(options.found, options.labels)
    perclos = None
    if options.frames and options.labels.is_dir():
        raise DataError('--frames goes with one file of labels, not with a folder')
    if options.frames:
        from classroom_fer_ros.frame_table import read_perclos  # needs pyarrow

        courses = [course for path in options.frames for course in read_perclos(path)]
        perclos = score_perclos(courses, labelled)
    if options.json:
        report: dict[str, object] = {kind: score.to_json() for kind, score in scores.items()}
        print(json.dumps(report if perclos is None else {**report, 'perclos': perclos.to_json()}))
        return 0
    print_events(scores)
    if perclos is not None:
        print(
            f'PERCLOS: {perclos.mean_error_points:.2f} points off in the mean, '
            f'{perclos.max_error_points:.2f} at most '
            f'({perclos.faces} faces, {perclos.pictures} pictures)'
        )
    return 0


def _limits(options: argparse.Namespace) -> int:
    limits = measure_limits(options.seconds, options.sizes, options.rates, options.lights)
    if options.json:
        print(json.dumps([limit.to_json() for limit in limits]))
    else:
        print_limits(limits)
    return 0


def _expression(options: argparse.Namespace) -> int:
    card = options.model or card_in_use(ExpressionConfig().card)
    png = options.png or Path('out') / f'confusion_{options.file.stem}.png'
    if options.file.is_dir():
        photographs = evaluate_photographs(
            options.file, card, options.head, is_exact=options.exact
        )
        values, matrices = photographs.to_json(), {photographs.head: photographs.labels}
    elif options.head:
        raise DataError('--head is for a folder of photographs: each set of labels has its own')
    else:
        score = evaluate_expression(options.file, card, is_exact=options.exact)
        values, matrices = score.to_json(), score.by_label_set
    if options.json:
        print(json.dumps(values | {'confusion_png': str(png)}, allow_nan=False))
    elif options.file.is_dir():
        print_photographs(photographs)
    else:
        print_expression(score)
    write_confusions(matrices, png)
    if not options.json:
        print(f'{png}: confusion matrix')
    return 0


def _eyes(options: argparse.Namespace) -> int:
    score = evaluate_eyes(options.file, options.model or card_in_use(EYE_STATE_CARD))
    _print_values(score.to_json(), options.json)
    return 0


def _head_pose(options: argparse.Namespace) -> int:
    score = evaluate_head_pose(options.path)
    if options.json:
        print(json.dumps(score.to_json(), allow_nan=False))
        return 0
    table = Table('', 'mean absolute error', 'heads')
    for name in ('yaw', 'pitch', 'roll', 'mean'):
        table.add_row(name, f'{getattr(score, name):.2f} deg', str(score.count))
    for end_deg, (error_deg, count) in score.by_yaw.items():
        if count:
            table.add_row(f'yaw, turned up to {end_deg:g} deg', f'{error_deg:.2f} deg', str(count))
    Console().print(table)
    print(
        f'{score.not_found} not found, {score.undetected} found by their labels only, '
        f'{score.left_out} left out (an angle beyond 99 deg)'
    )
    return 0


def _motions(options: argparse.Namespace) -> int:
    config = SimulationConfig(
        students=options.students,
        width=round(options.height * 16 / 9),
        height=options.height,
        fps=options.fps,
        seed=options.seed,
    )
    conditions = Conditions(
        brightness=options.brightness, noise=options.noise, blur_px=options.blur
    )
    score = score_lesson(config, 60.0 * options.minutes, conditions)
    if options.json:
        print(json.dumps(score.to_json(), allow_nan=False))
        return 0
    print_motions(score)
    return 0


def _identification(options: argparse.Namespace) -> int:
    card = options.model or card_in_use(PipelineConfig().embedding_card)
    score = evaluate_identification(
        options.images, options.pairs, card, with_classes=options.open_set
    )
    if options.png is not None:
        write_roc(options.png, {score.model: score.roc})
    _print_values(score.to_json(), options.json)
    return 0


def _gallery(options: argparse.Namespace) -> int:
    card = options.model or card_in_use(PipelineConfig().embedding_card)
    score = evaluate_gallery(options.gallery, options.probes, card, options.strangers)
    _print_values(score.to_json(), options.json)
    return 0


def _people(options: argparse.Namespace) -> int:
    card = options.model or card_in_use(PipelineConfig().embedding_card)
    score = evaluate_splits(options.folder, card, options.enrolled)
    _print_values(score.to_json(), options.json)
    return 0


def _print_values(values: Mapping[str, object], as_json: bool) -> None:
    """One value a line, or all as one object."""
    if as_json:
        print(json.dumps(values))
        return
    for name, value in values.items():
        print(f'{name}: {value:.4f}' if isinstance(value, float) else f'{name}: {value}')


if __name__ == '__main__':
    sys.exit(main())
