//! The built-in labels of call reasons and topics, with the words that speak for them.

use super::Label;

/// Why customers call.
pub(in crate::engines::builtin) const REASONS: &[Label] = &[
    Label {
        name: "Reservation",
        aliases: "reservation reserve booking book",
        words: &[
            (
                3.0,
                "reserve|reservation|book|rent a car|rental car|car rental|hire a car|rent a|\
                   table for|book a table|get me a cab|need a cab|get a cab|find me a cab|\
                   need a taxi|get a taxi|call me a|need a ride|get a ride|get me a ride",
            ),
            (2.0, "cab|taxi|ride|uber|lyft|pick me up"),
            (1.0, "table|seat|check in"),
        ],
    },
    Label {
        name: "Information",
        aliases: "information info search inquiry enquiry question lookup find general",
        words: &[
            (
                3.0,
                "weather|forecast|information|look for|search for|search|find|opening hour|\
                   look up|recommend|recommendation|suggest|suggestion|show me",
            ),
            (
                1.5,
                "tell me|what is the|what are|is there|are there|do you have|do you know|where|\
                   how much|how do|how can|option|something to do|thing to do|place to|want to know|\
                   interested in|attraction|which|explore|mood for|listen|watch",
            ),
            (0.8, "flight|hotel|apartment|restaurant|movie|song|event|eat|music|museum|visit"),
        ],
    },
    Label {
        name: "Purchase",
        aliases: "purchase buy order sale sales shopping",
        words: &[
            (
                4.0,
                "buy|purchase|add to cart|checkout|place an order|get ticket|rent a movie|\
                   rent the movie|movie to rent|buy a ticket|want ticket|need ticket|event ticket|\
                   bus ticket|sign up for|upgrade|subscribe",
            ),
            (2.0, "order|ticket|shop|cart|discount|promo code"),
        ],
    },
    Label {
        name: "Payment",
        aliases: "payment pay transfer money remittance",
        words: &[
            (
                4.0,
                "transfer|send money|make a transfer|wire|make a payment|send cash|payee|\
                   send some money|bank transfer",
            ),
            (2.5, "pay|payment|paypal|venmo|direct debit|standing order|instalment|installment"),
            (1.0, "send|money"),
        ],
    },
    Label {
        name: "Billing",
        aliases: "billing bill invoice charge charges refund",
        words: &[
            (4.0, "bill|invoice|refund|overcharge|charge twice|double charge|late fee|chargeback"),
            (3.0, "charge|fee|receipt|money back|credit note|reimburse|tariff"),
        ],
    },
    Label {
        name: "Complaint",
        aliases: "complaint complain feedback dissatisfaction",
        words: &[
            (
                5.0,
                "complain|complaint|unacceptable|compensation|poor service|bad service|\
                   terrible service|speak to a manager|not happy with",
            ),
            (
                3.0,
                "disappoint|frustrat|unhappy|rude|never arrive|never receive|still waiting|angry|\
                   dissatisfi|fed up|damage|not happy|ridiculous|worst|awful|terrible|late again",
            ),
        ],
    },
    Label {
        name: "Cancellation",
        aliases: "cancellation cancel termination reschedule",
        words: &[
            (
                5.0,
                "cancel|cancellation|close my account|terminate|unsubscribe|reschedule|call off|\
                   end my contract|close my",
            ),
            (
                3.0,
                "change my booking|change my reservation|change my flight|change my appointment|\
                   move my|switch provider|stop my",
            ),
        ],
    },
    Label {
        name: "Technical",
        aliases: "technical tech technology support fault troubleshooting",
        words: &[
            (
                4.0,
                "not work|doesnt work|does not work|stop work|isnt work|error message|outage|\
                   troubleshoot|crash|wont turn on|wont start|cant connect|no signal|not load",
            ),
            (
                3.0,
                "broken|error|bug|router|wifi is|freeze|install|reboot|restart|no internet|\
                   connection|disconnect|fix|repair|device",
            ),
            (1.0, "internet|issue|problem|setup|set up|slow|software|app"),
        ],
    },
    Label {
        name: "Account",
        aliases: "account balance login password profile",
        words: &[
            (
                4.0,
                "balance|password|log in|login|locked out|username|my account|account balance|\
                   bank account|saving account|checking account|my detail",
            ),
            (2.0, "account|profile|saving|statement|sign in|verify my|how much money|two factor"),
        ],
    },
    Label {
        name: "Appointment",
        aliases: "appointment visit schedule scheduling consultation",
        words: &[
            (
                4.0,
                "appointment|schedule a visit|schedule a|consultation|see a doctor|haircut|\
                   see a dentist|set up a visit|property visit|meet with",
            ),
            (
                2.0,
                "schedule|dentist|doctor|therapist|stylist|psychologist|psychiatrist|counselor|\
                   dermatologist|gynecologist|optometrist|salon|hairdresser|clinic|viewing",
            ),
        ],
    },
];

/// What conversations are about.
pub(in crate::engines::builtin) const TOPICS: &[Label] = &[
    Label {
        name: "Restaurants",
        aliases: "restaurant food dining",
        words: &[
            (3.0, "restaurant|dine|cuisine|table for|place to eat|somewhere to eat|dinner|lunch|brunch"),
            (2.0, "eat|food|breakfast|meal|hungry|starving|menu|vegetarian|table|cafe|seafood"),
        ],
    },
    Label {
        name: "Hotels",
        aliases: "hotel accommodation lodging hospitality",
        words: &[
            (3.0, "hotel|motel|hostel|accommodation|place to stay|somewhere to stay|resort|lodging"),
            (1.5, "room|stay|suite|check in|check out|night"),
        ],
    },
    Label {
        name: "Flights",
        aliases: "flight airline air",
        words: &[
            (3.0, "flight|airline|fly|plane|airport|one way|round trip|roundtrip|boarding pass"),
            (1.0, "luggage|baggage|economy|business class|airways|depart"),
        ],
    },
    Label {
        name: "Buses and trains",
        aliases: "bus train coach rail",
        words: &[(3.0, "bus|train|coach|rail|railway|greyhound|bus station|train station")],
    },
    Label {
        name: "Car rental",
        aliases: "rental",
        words: &[
            (3.0, "rental car|car rental|rent a car|hire a car|sedan|suv|hatchback|rent a vehicle"),
            (2.0, "car|drive|pick up the car|compact"),
        ],
    },
    Label {
        name: "Rides",
        aliases: "ride taxi cab",
        words: &[(3.0, "taxi|cab|uber|lyft|ride|shared ride|drop off")],
    },
    Label {
        name: "Events",
        aliases: "event concert sport",
        words: &[
            (3.0, "event|concert|festival|show ticket|something to do|thing to do|event ticket"),
            (
                2.0,
                "ticket|game|match|show|sport|baseball|basketball|football|theater|venue|gig|band|\
               something interesting|something fun|interesting to do",
            ),
        ],
    },
    Label {
        name: "Movies and TV",
        aliases: "movie film tv cinema video",
        words: &[
            (3.0, "movie|film|cinema|tv show|series|flick"),
            (1.5, "watch|subtitle|starring|director|comedy|drama|actor"),
        ],
    },
    Label {
        name: "Music",
        aliases: "music song",
        words: &[
            (3.0, "song|album|playlist|music track|listen to|some music|music by|play the song"),
            (1.5, "music|artist|singer|listen|genre|sing|tune"),
        ],
    },
    Label {
        name: "Housing",
        aliases: "housing property apartment home estate",
        words: &[
            (3.0, "apartment|flat to|rent a flat|house to|property|landlord|lease|real estate|tenant"),
            (1.5, "bedroom|bed room|bath|furnished|rent|house|move to"),
        ],
    },
    Label {
        name: "Weather",
        aliases: "weather",
        words: &[
            (3.0, "weather|forecast|temperature|rain|humid|humidity|snow"),
            (1.0, "wind|sunny|storm|windy|how hot|how cold|hot"),
        ],
    },
    Label {
        name: "Health",
        aliases: "health medical care doctor",
        words: &[
            (
                3.0,
                "doctor|dentist|therapist|psychologist|psychiatrist|counselor|clinic|gynecologist|\
               dermatologist|optometrist|hospital|prescription|physician",
            ),
            (1.5, "medical|appointment|pain|health|sick|symptom"),
        ],
    },
    Label {
        name: "Beauty",
        aliases: "beauty hair salon",
        words: &[(3.0, "salon|stylist|haircut|hairdresser|barber|hair|manicure|spa")],
    },
    Label {
        name: "Banking",
        aliases: "bank banking finance financial",
        words: &[
            (
                3.0,
                "bank|saving account|checking account|account balance|balance|transfer|loan|mortgage|\
               credit card|debit card|saving",
            ),
            (1.0, "account|money|pay"),
        ],
    },
    Label {
        name: "Attractions",
        aliases: "attraction sightseeing tourism travel",
        words: &[
            (
                3.0,
                "attraction|sightseeing|museum|landmark|tourist|monument|place to visit|sightsee|\
               place to see|thing to see|historical",
            ),
            (1.5, "park|visit|tour|explore|trip|site to see|child friendly|vacation|sight"),
        ],
    },
    Label {
        name: "Phone and internet",
        aliases: "telecom internet phone broadband mobile",
        words: &[
            (
                3.0,
                "internet|broadband|wifi|router|sim card|data plan|roaming|mobile phone|cell phone|\
               landline|fiber|phone line",
            ),
            (1.0, "signal|phone|network"),
        ],
    },
    Label {
        name: "Orders and delivery",
        aliases: "order delivery shipping",
        words: &[
            (3.0, "delivery|deliver|parcel|package|ship|shipping|shipment|my order|courier"),
            (1.0, "order|arrive|return"),
        ],
    },
    Label {
        name: "Insurance",
        aliases: "insurance",
        words: &[(3.0, "insurance|policy|claim|premium|deductible|coverage")],
    },
];
