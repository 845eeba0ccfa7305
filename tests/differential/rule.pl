% The decision rule, once more and naively: sections 1 to 3 of docs/rule.md,
% clause for clause, for people to read and for the other evaluators to be
% compared with.  Nothing is indexed, cached or clever here on purpose.
%
% What is known of a site are facts; ask.pl reads them:
%
%   type(Id, SdkName, ClassName, Secured)     role, scope, collection, derived
%   operation(Type, Name, Wide, Security)     type_wide or plain, security or plain
%   need(Type, Operation, Needed)             instead of Read
%   class_operation(Class, Operation, OperationOfType1)
%   default_instance(Type, Key, ReadOperation, ModifyOperation)
%   role(Role)                                role_operation(Role, Type, Operation)
%   scope(Scope)                              collection(Collection, Kind, LimitedTo)
%   admin(Id, user|group, in|out, Principal)  principal(Further, Admin)
%   assignment(Id, Admin, Role, From, Until)  category(Assignment, Category)
%   object(Type, Key)                         carries(Type, Key, Scope)
%   own_type(Type, Key, OwnType)              of some of those that may be of one
%   resource(Key, Kind)                       device, user or group
%   deploys(Type, OperationOfType1)
%   stored(Collection, Resource)              or, where membership is by rules,
%   rule(Collection, direct(R) | include(C) | exclude(C))
%   role_minimum(Role, Level)                 operation_minimum(Type, Operation, Level)
%
% A category is scope(Id) or collection(Id), never the id alone.  The subject is
% subject(Ids, Level, Delegated, At), an id own(Id) or group(Id); a thing is on(Operation, Type, Secured, Key),
% where Secured is also `resource` and `folder` (pair.pl), and Key is [] where no
% instance is named.

:- module(rule, [answer/8, objects/7, who/6, next_change/3,
                 type_named/2, class_named/2, meaning/4, operation/4, deploys/2,
                 names/2, fails/4, readable/2, may/2, asks_for/2, suffices/3, level_helps/4,
                 assignment/5, category/2, carries/3, type/4]).

:- dynamic type/4, operation/4, need/3, class_operation/3, default_instance/4,
       role/1, role_operation/3, role_minimum/2, operation_minimum/3, scope/1,
       collection/3, admin/4, principal/2, assignment/5, category/2, object/2, own_type/3,
       carries/3, resource/2, stored/2, rule/2, deploys/2.

% ---- Section 1: what a question is about --------------------------------

type_named(Name, T) :- decimal(Name, T), type(T, _, _, _).
type_named(Name, T) :- type(T, Name, _, _).
type_named(Name, T) :- type(T, _, Name, _), Name \== none.

decimal(Atom, N) :- atom_number(Atom, N), integer(N), atom_number(Plain, N), Plain == Atom.

class_named(Name, Name) :- class_operation(Name, _, _), \+ sub_atom(Name, _, 1, 0, *), !.
class_named(Name, Class) :-
    setof(N-C, prefix_class(Name, N, C), Found),
    last(Found, _-Class).                      % a longer prefix goes before a shorter

prefix_class(Name, Length, Class) :-
    class_operation(Class, _, _), atom_concat(Prefix, *, Class),
    atom_length(Prefix, Length), sub_atom(Name, 0, Length, After, Prefix), After >= 1.

holds_kind('SMS_R_System', Kind)                :- !, Kind = device.
holds_kind('SMS_CombinedDeviceResources', Kind) :- !, Kind = device.
holds_kind(Class, Kind) :- sub_atom(Class, 0, _, After, 'SMS_G_System_'), After >= 1, !, Kind = device.
holds_kind('SMS_R_User', Kind)                  :- !, Kind = user.
holds_kind('SMS_R_UserGroup', Kind)             :- !, Kind = group.
holds_kind('SMS_CombinedUserResources', Kind)   :- !, member(Kind, [user, group]).
holds_kind(_, _).

exists(_, collection, Key) :- !, collection(Key, _, _).
exists(T, _, Key)  :- default_instance(T, Key, _, _).
exists(27, _, Key) :- !, role(Key).
exists(28, _, Key) :- !, decimal(Key, Id), admin(Id, _, _, _).
exists(29, _, Key) :- !, scope(Key).
exists(T, _, Key)  :- object(T, Key).

% meaning(+TypeName, +Operation, +Key, -Thing or reason)
meaning(Name, Op, Key, Meaning) :- type_named(Name, T), !, of_type(T, Op, Key, Meaning).
meaning(Name, Op, Key, Meaning) :- class_named(Name, Class), !, of_class(Name, Class, Op, Key, Meaning).
meaning(_, _, _, unknown_type).

of_class(_, Class, Op, _, op_not_applicable) :- \+ class_operation(Class, Op, _), !.
of_class(Name, Class, Op, Key, on(Op1, 1, resource, Key)) :-
    holds_kind(Name, Kind), resource(Key, Kind), !, class_operation(Class, Op, Op1).
of_class(_, _, _, _, no_such_object).

of_type(T, Op, _, unknown_operation) :- \+ operation(T, Op, _, _), !.
of_type(T, Op, Key, Meaning) :-
    default_instance(T, Key, Read, Modify), !,
    (   Op == 'Read'   -> Meaning = on(Read, T, role, Key)
    ;   Op == 'Modify' -> Meaning = on(Modify, T, role, Key)
    ;   Meaning = op_not_applicable ).
of_type(T, Op, [], on(Op, T, Secured, [])) :-
    type(T, _, _, Secured), ( operation(T, Op, type_wide, _) ; memberchk(Secured, [role, derived]) ), !.
of_type(T, Op, Key, on(Op, T, Secured, Key)) :-
    type(T, _, _, Secured), Key \== [], exists(T, Secured, Key), !.
of_type(_, _, _, no_such_object).

% ---- Section 2: who is asking --------------------------------------------

names(subject(Ids, _, _, _), A) :-
    member(Id, Ids), stands_for(Id, Admin), admin(Admin, _, in, _), assignment(A, Admin, _, _, _).

stands_for(own(Id), Admin) :- admin(Admin, _, _, Id).
stands_for(own(Id), Admin) :- principal(Id, Admin).
stands_for(group(Id), Admin) :- admin(Admin, group, _, Id).

% ---- Section 3: the conditions, each by when it fails ----------------------

fails(_, on(Op, T, _, _), A, operation) :-
    assignment(A, _, Role, _, _), \+ ( \+ type(T, _, _, derived), role_operation(Role, T, Op) ).
fails(_, Thing, A, Condition) :-
    \+ ( category(A, K), covers(K, Thing) ), cover(Thing, Condition).
fails(subject(_, Level, Delegated, _), Thing, A, level) :-
    assignment(A, _, Role, _, _), minimum(Role, Thing, Minimum),
    \+ ( reaches(Level, Minimum), \+ ( Delegated == yes, has_security(Role) ) ).
fails(subject(_, _, _, At), _, A, time) :-
    assignment(A, _, _, From, Until), \+ ( From =< At, At < Until ).

reaches(Level, Minimum) :- memberchk(Level, [0, 1, 2, 3]), Level >= Minimum.

minimum(Role, on(Op, T, _, _), Minimum) :-
    ( role_minimum(Role, M1) -> true ; M1 = 0 ),
    ( operation_minimum(T, Op, M2) -> true ; M2 = 0 ),
    Minimum is max(M1, M2).

has_security(Role) :- role_operation(Role, T, Op), operation(T, Op, _, security), !.

cover(on(Op, T, _, _), scope)     :- operation(T, Op, type_wide, _), !.
cover(on(_, _, Secured, _), Name) :- memberchk(Secured, [collection, resource]) -> Name = collection ; Name = scope.

covers(_, on(Op, T, _, _)) :- operation(T, Op, type_wide, _), !.
covers(_, on(_, _, role, _)).
covers(_, on(_, _, derived, _)).               % what is missing there is the operation
covers(scope('SMS00ALL'), on(_, _, scope, _)).
covers(scope(S), on(_, T, scope, Key)) :- carries(T, Key, S).
covers(collection(C), on(Op, _, collection, C)) :- collection(C, _, _), \+ memberchk(Op, ['Modify', 'Delete']).
covers(collection(C), on(_, _, collection, Key)) :- limited_to(Key, C).
covers(collection(C), on(_, _, resource, Key)) :- is_member(Key, C).
covers(_, on(_, _, folder, [])).               % the root
covers(scope('SMS00ALL'), on(_, _, folder, _)).
covers(scope(S), on(_, _, folder, Folder)) :- carries(226, Folder, S).

limited_to(C, Above) :- collection(C, _, L), L \== none, ( Above = L ; limited_to(L, Above) ).

is_member(R, 'SMS00001') :- !, resource(R, device).
is_member(R, 'SMS00004') :- !, ( resource(R, user) ; resource(R, group) ).
is_member(R, C) :- stored(C, R).
is_member(R, C) :- follows(R, C).

:- table follows/2.                            % the same question is asked often
follows(R, C) :-
    ( rule(C, direct(R)) ; rule(C, include(I)), is_member(R, I) ),
    \+ ( rule(C, exclude(E)), is_member(R, E) ),
    collection(C, _, Limit), is_member(R, Limit).

% What else must be allowed on the same thing.
needs(on(Op, T, _, _), _)                                  :- read_operation(T, Op), !, fail.
needs(on(_, _, folder, _), _)                              :- !, fail.
needs(on(Op, T, _, []), _)                                 :- operation(T, Op, type_wide, _), !, fail.
needs(on(Op, T, Secured, Key), on(Read, T, Secured, Key))  :- Secured == resource, !, read_operation(T, Read), Op \== Read.
needs(on(Op, T, role, Key), on(Read, T, role, Key))        :- default_instance(T, Key, Read, _), !, Op \== Read.
needs(on(Op, T, Secured, Key), on(Needed, T, Secured, Key)) :-
    \+ operation(T, Op, type_wide, _), need(T, Op, _), !, need(T, Op, Needed).
needs(on(_, T, Secured, Key), on(Read, T, Secured, Key))   :- read_operation(T, Read).

read_operation(26, Op) :- !, Op = 'View Asset Intelligence'.
read_operation(_, 'Read').

may(Subject, Thing) :- readable(Subject, Thing), suffices(Subject, Thing, _), !.

readable(Subject, Thing) :- \+ ( needs(Thing, Other), \+ may(Subject, Other) ).

suffices(Subject, Thing, A) :- names(Subject, A), \+ fails(Subject, Thing, A, _).

% ---- The answer: decision, reason, missing, assignments, level ----------------

answer(Subject, Known, Name, Op, Key, Decision, Reason, because(Missing, Ids, Level)) :-
    meaning(Name, Op, Key, Meaning),
    full_verdict(Meaning, Subject, Reason0, Missing0, Ids0, Level0),
    (   Known == no, memberchk(Reason0, [no_such_object, no_assignment, not_permitted])
    ->  Reason = groups_unknown, Missing = [], Ids = [], Level = none
    ;   Reason = Reason0, Missing = Missing0, Ids = Ids0, Level = Level0 ),
    ( Reason == allowed -> Decision = allow ; Decision = deny ).

% What is allowed but for the own type of its object is answered as what lacks is.
full_verdict(Thing, Subject, Reason, Missing, Ids, Level) :-
    verdict(Thing, Subject, allowed, _, _, _),
    asks_for(Thing, Author),
    verdict(Author, Subject, Reason, Missing, Ids, Level), Reason \== allowed, !.
full_verdict(Thing, Subject, Reason, Missing, Ids, Level) :-
    verdict(Thing, Subject, Reason, Missing, Ids, Level).

asks_for(on(Op, T, _, Key), Author) :-
    memberchk(Op, ['Create', 'Modify', 'Delete']), own_type(T, Key, Own),
    of_type(Own, 'Author Policy', [], Author).

verdict(Reason, _, Reason, [], [], none) :- atom(Reason), !.
verdict(Thing, Subject, allowed, [], Ids, none) :-
    readable(Subject, Thing), setof(A, suffices(Subject, Thing, A), Ids), !.
verdict(_, Subject, no_assignment, [], [], none) :- \+ names(Subject, _), !.
verdict(Thing, Subject, not_permitted, Missing, Ids, Level) :-
    ( readable(Subject, Thing) -> Read = [] ; Read = [read] ),
    setof(N-A-Set, miss(Subject, Thing, Read, A, Set, N), Misses),
    Misses = [Least-_-_ | _],
    findall(A, member(Least-A-_, Misses), Ids),
    findall(C, ( member(C, [operation, scope, collection, level, time, read]),
                 member(Least-_-Set, Misses), memberchk(C, Set) ), All),
    list_to_set(All, Missing),
    level_that_helps(Subject, Thing, Least, Misses, Level).

miss(Subject, Thing, Read, A, Set, N) :-
    names(Subject, A),
    findall(C, fails(Subject, Thing, A, C), Failed),
    append(Failed, Read, Set), length(Set, N).

level_that_helps(Subject, Thing, Least, Misses, Level) :-
    setof(M, A^Set^( member(Least-A-Set, Misses), memberchk(level, Set),
              level_helps(Subject, Thing, A, M) ), [Level | _]), !.
level_that_helps(_, _, _, _, none).

% The level at which an assignment would not fail by its level.
level_helps(subject(_, _, Delegated, _), Thing, A, Minimum) :-
    assignment(A, _, Role, _, _), minimum(Role, Thing, Minimum),
    \+ ( Delegated == yes, has_security(Role) ).

% ---- Lists, and who may -----------------------------------------------------

candidate(Name, Key) :- type_named(Name, T), !, of_kind(T, Key).
candidate(_, Key)    :- resource(Key, _).

of_kind(T, Key)  :- type(T, _, _, collection), !, collection(Key, _, _).
of_kind(27, Key) :- !, role(Key).
of_kind(28, Key) :- !, admin(Id, _, _, _), atom_number(Key, Id).
of_kind(29, Key) :- !, scope(Key).
of_kind(T, Key)  :- default_instance(T, Key, _, _).
of_kind(T, Key)  :- object(T, Key), \+ default_instance(T, Key, _, _).

% On which objects may the subject do it?  Of all that there are.
objects(_, _, Name, Op, Reason, [], 0) :- no_question(Name, Op, Reason), !.
objects(Subject, Known, Name, Op, Reason, Keys, Universe) :-
    findall(Key, ( candidate(Name, Key), of_class(Name, Key) ), All),
    length(All, Universe),
    findall(Key, ( member(Key, All), answer(Subject, yes, Name, Op, Key, allow, _, _) ), Found),
    length(Found, N),
    (   Known == no, ( N =:= 0 ; N < Universe ) -> Reason = groups_unknown, Keys = []
    ;   N =:= 0 -> Reason = not_permitted, Keys = []
    ;   Reason = allowed, Keys = Found ).

no_question(Name, Op, Reason) :- type_named(Name, T), !, \+ operation(T, Op, _, _), Reason = unknown_operation.
no_question(Name, Op, Reason) :- class_named(Name, Class), !, \+ class_operation(Class, Op, _), Reason = op_not_applicable.
no_question(_, _, unknown_type).

of_class(Name, _)   :- type_named(Name, _), !.
of_class(Name, Key) :- holds_kind(Name, Kind), resource(Key, Kind), !.

% Who may do it by assignments of their own, and from which level on?
who(_, Name, Op, Key, Reason, []) :- meaning(Name, Op, Key, Reason), atom(Reason), !.
who(At, Name, Op, Key, Reason, Holders) :-
    findall(holder(Id, Level, As), holder(At, Name, Op, Key, Id, Level, As), Found),
    sort(Found, Holders),
    ( Holders == [] -> Reason = not_permitted ; Reason = allowed ).

holder(At, Name, Op, Key, Id, Level, As) :-
    admin(Id, _, in, Principal),
    answer(subject([own(Principal)], 3, no, At), yes, Name, Op, Key, allow, _, because(_, As, _)),
    once(( member(Level, [0, 1, 2, 3]),
           answer(subject([own(Principal)], Level, no, At), yes, Name, Op, Key, allow, _, _) )).

% ---- Until when an answer holds -----------------------------------------------

next_change(Subject, At, Next) :-
    setof(I, boundary(Subject, At, I), [Next | _]), !.
next_change(_, _, none).

boundary(Subject, At, I) :-
    names(Subject, A), assignment(A, _, _, From, Until),
    member(I, [From, Until]), integer(I), I > At.
