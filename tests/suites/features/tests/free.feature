@basket
Feature: Baskets
  Background:
    Given a basket

  Scenario: Empty
    Then it holds 0 things

  @net
  Scenario: Filled
    When 2 tea are put in
    And 1 cake is put in
    Then it holds 3 things
    And it costs 6.0
    And the receipt says
      """
      ["1 cake", "2 tea"]
      """

  Scenario Outline: Many
    When <n> tea are put in
    Then it costs <price>

    Examples:
      | n | price |
      | 1 | 2.5   |
      | 3 | 7.5   |
      | 4 | 9.5   |

  Rule: prices
    Scenario: A table
      Given these prices
        | what | price |
        | tea  | 2     |
      Then 1 price is known
