"""A question of each kind, for tests of forms, tables and pages."""

EVERY_KIND = """\
title: {en: About you, ko: 참가자}
questions:
- key: age
  type: choice
  text: {en: "How old are you?", ko: 나이}
  options:
  - key: minor
    text: {en: under 18, ko: 18세 미만}
    screen_out: true
  - key: adult
    text: {en: 18 or more, ko: 18세 이상}
- key: heard
  type: several
  text: {en: "What do you hear often?", ko: 자주 듣는 것}
  options:
  - key: jazz
    text: {en: jazz, ko: 재즈}
  - key: folk
    text: {en: folk, ko: 포크}
  - key: none_of_these
    text: {en: none of these, ko: 해당 없음}
    alone: true
- key: hours
  type: number
  text: {en: Hours of music a day, ko: 하루 음악 시간}
  required: false
  min: 0
  max: 24
- key: instrument
  type: text
  text: {en: Your instrument, ko: 악기}
  required: false
  max_length: 80
- key: importance
  type: scale
  text: {en: "How important is music?", ko: 음악의 중요도}
  from: 1
  to: 7
  low: {en: not at all, ko: 전혀}
  high: {en: very, ko: 매우}
- key: agrees
  type: matrix
  text: {en: "How far do you agree?", ko: "얼마나 동의합니까?"}
  to: 5
  low: {en: not, ko: 아니다}
  high: {en: fully, ko: 그렇다}
  rows:
  - key: sings
    text: {en: I sing., ko: 노래한다}
  - key: plays
    text: {en: I play., ko: 연주한다}
- key: places
  type: matrix
  text: {en: "Where do you listen?", ko: 듣는 곳}
  required: false
  rows:
  - key: morning
    text: {en: In the morning, ko: 아침}
  - key: evening
    text: {en: In the evening, ko: 저녁}
  options:
  - key: home
    text: {en: at home, ko: 집}
  - key: outside
    text: {en: outside, ko: 밖}
"""
ANSWERS = {
    "age": "adult",
    "heard": ["folk", "jazz"],
    "importance": "6",
    "agrees_sings": "2",
    "agrees_plays": "5",
    "places_evening": "home",
}
STORED = {
    "age": "adult",
    "heard": ["jazz", "folk"],  # in the question's order
    "importance": "6",
    "agrees": {"sings": "2", "plays": "5"},
    "places": {"evening": "home"},
}
