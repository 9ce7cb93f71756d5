Feature: Reckoning

  Scenario: A quarter off
    When "80 * (1 - 1 / 4)" is typed
    Then the answer is 60.0

  Scenario: A bracket too few
    When "(1 + 2" is typed
    Then the calculator says "a bracket is not closed"

  Scenario Outline: Powers of two
    When "2 ^ <exponent>" is typed
    Then the answer is <power>

    Examples:
      | exponent | power  |
      | 0        | 1.0    |
      | 10       | 1024.0 |
      | -1       | 0.5    |
