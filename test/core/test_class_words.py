"""The state of a class in a sentence."""

import pytest

from classroom_fer_ros.core.class_words import class_words
from classroom_fer_ros.core.results import ClassState, Trend
from classroom_fer_ros.core.texts import load_texts

FULL = ClassState(
    stamp_s=1.0,
    num_seen=20,
    num_judged=15,
    num_not_judged=5,
    attentive_share=0.8,
    tired_share=0.067,
    looking_away_share=0.13,
    trend=Trend.FALLING,
)
WITHOUT_ATTENTION = ClassState(stamp_s=1.0, num_seen=6, num_judged=6, tired_share=0.5)
FEW = ClassState(stamp_s=1.0, num_seen=4, num_judged=3)


@pytest.mark.parametrize(
    ('state', 'language', 'words'),
    [
        (
            FULL,
            'en',
            '20 seen, 15 judged; 80 % attentive, 7 % tired, 13 % looking away; attention falling',
        ),
        (FULL, 'zh', '看到 20 人，可判断 15 人; 专心 80%，疲劳 7%，看别处 13%; 注意力下降'),
        (WITHOUT_ATTENTION, 'en', '6 seen, 6 judged; 50 % tired'),
        (FEW, 'en', '4 seen, 3 judged; too few for a word about the class'),
    ],
    ids=['whole', 'chinese', 'without attention', 'few'],
)
def test_words(state: ClassState, language: str, words: str) -> None:
    assert class_words(state, load_texts(language)) == words
