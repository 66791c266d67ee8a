"""The standing texts of the report: how it was made, and what its words mean."""

from __future__ import annotations

from typing import Final

from ruralcare.language import Message

__all__ = ["GLOSSARY", "METHOD"]

METHOD: Final[tuple[tuple[Message, Message], ...]] = (
    (
        Message("Travel times"),
        Message(
            "Shortest times by car over the road network, from where people live to the places of "
            "each service, in the direction in which the service travels. The way between a home "
            "and its road counts at walking speed. Homes beyond the longest time measured, homes "
            "from which no place can be reached (nobody offers the service, or no way leads to "
            "it) and homes too far from any road are kept apart."
        ),
    ),
    (
        Message("Access"),
        Message(
            "For each township: the mean time to the nearest place, and the share of people "
            "within the service standard. On the map a township shows the mean time of those who "
            "arrive; where more than half do not, it shows that instead."
        ),
    ),
    (
        Message("Need"),
        Message(
            "People by sex and age, times the share recognised for long-term care, times the "
            "share of these who use the service."
        ),
    ),
    (
        Message("Underserved townships"),
        Message(
            "A township is underserved in a service if too many of its people live beyond the "
            "standard, or if too much of its need lies within the standard and still finds no "
            "room. The thresholds stand among the parameters below."
        ),
    ),
    (
        Message("The plan"),
        Message(
            "A mathematical programme decides which co-operative opens which service, how large "
            "and in which stage, so that as many people as possible are served within the "
            "standard, under the budget, staff, capacity and order of services of the scenario. "
            "It proves an upper limit that no plan can exceed."
        ),
    ),
)

GLOSSARY: Final[tuple[tuple[Message, Message], ...]] = (
    (
        Message("Service standard"),
        Message("The longest acceptable travel time to a service."),
    ),
    (
        Message("People in need"),
        Message("People expected to use a service, computed from age, sex and recognition rates."),
    ),
    (
        Message("Need that is met"),
        Message("Share of the people in need who find room at a place within the standard."),
    ),
    (
        Message("Extinction risk index"),
        Message(
            "Women aged 20 to 39 for each person aged 65 and over; below 0.5 a township is "
            "entering risk of extinction by the official classes, below 0.2 the risk is high."
        ),
    ),
    (
        Message("Depopulating township"),
        Message("A township below the set extinction index, or losing people as fast as set."),
    ),
    (
        Message("Site"),
        Message("A branch of a co-operative where the plan may open services."),
    ),
    (
        Message("Stage"),
        Message("A period of the plan; what opens in it serves from the year named."),
    ),
    (
        Message("Gap"),
        Message(
            "How far the plan's score lies below the proven upper limit: 0 % means that nothing "
            "better exists."
        ),
    ),
    (
        Message("Proxy network"),
        Message(
            "Links over land that stand in for roads where road data are not given or have holes; "
            "times on them are estimates."
        ),
    ),
)
